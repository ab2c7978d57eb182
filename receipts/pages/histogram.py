"""How many receipts there are over time, as bars: each says in words what it shows, and asks for its slice of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from receipts.pages.addresses import Addresses
from receipts.selectors.fields import DECISIONS
from receipts.selectors.grammar import Question, is_term
from receipts.selectors.overview import Bar, Overview

BAR_HEIGHT = 64


@dataclass(frozen=True, slots=True)
class BarPart:
    """A piece of a bar, in units of the drawing."""

    decision: str
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """A slice of time, drawn; `said` tells it in words."""

    x: int
    start: datetime
    said: str
    href: str
    total: int
    parts: Sequence[BarPart]


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _bar(bar: Bar, *, place: int, most: int, question: Question, addresses: Addresses) -> DrawnBar:
    parts, top = [], BAR_HEIGHT
    for decision in (*DECISIONS, ""):
        count = bar.counts.get(decision, 0)
        height = max(round(count * BAR_HEIGHT / most), 1) if count else 0
        top -= height
        parts += [BarPart(decision.lower() or "other", top, height)] if height else []
    rest = question.without_keys("since", "until")
    asked = rest.having(is_term("since", _written(bar.start))).having(is_term("until", _written(bar.end)))
    counts = ", ".join(
        f"{bar.counts[word]:,} {word or 'of no decision'}" for word in (*DECISIONS, "") if word in bar.counts
    )
    said = f"{bar.start:%Y-%m-%d %H:%M} to {bar.end:%Y-%m-%d %H:%M} UTC: {counts or 'nothing'}"
    return DrawnBar(place * 10, bar.start, said, addresses.of(asked), bar.total, parts)


def drawn_bars(overview: Overview, *, question: Question, addresses: Addresses) -> list[DrawnBar]:
    """One for each slice of time; none where nothing was found."""
    most = max((bar.total for bar in overview.bars), default=0)
    if not most:
        return []
    return [
        _bar(bar, place=place, most=most, question=question, addresses=addresses)
        for place, bar in enumerate(overview.bars)
    ]
