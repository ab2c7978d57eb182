"""Which parts of a receipt its line in the list has, and in which order lines are: the address says both, for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from receipts.models import Receipt
from receipts.selectors.results import OLDEST
from receipts.selectors.sorting import SORTED

ALWAYS: Mapping[str, str] = {"when": "When", "what": "What happened"}
TITLES: Mapping[str, str] = {
    "who": "Agent and human",
    "result": "Result",
    "rule": "Rule",
    "risk": "Risk",
    "session": "Session",
    "place": "Place in its chain",
    "id": "Receipt",
}
USUAL = ("who", "result")
# What is looked at first by who sorts by it; of all others the alphabet's beginning.
_HIGHEST_FIRST = ("risk",)


@dataclass(frozen=True, slots=True)
class Column:
    """A part that can be chosen."""

    name: str
    title: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column. `order` is what it is sorted in now, as ARIA says it; `next` sorts it, where it can be."""

    name: str
    title: str
    order: str = ""
    next: str | None = None


def heads(chosen: Sequence[str], *, sort: str) -> list[Head]:
    """One for each column that is shown, in their order."""
    titles = {**ALWAYS, **{name: title for name, title in TITLES.items() if name in chosen}}
    return [_head(name, title=title, sort=sort) for name, title in titles.items()]


def _head(name: str, *, title: str, sort: str) -> Head:
    """Followed again, its link turns the order round."""
    rising, falling = (OLDEST, "") if name == "when" else (name, f"-{name}")
    if name != "when" and name not in SORTED:
        return Head(name, title)
    orders = {rising: "ascending", falling: "descending"}
    first, other = (falling, rising) if name in ("when", *_HIGHEST_FIRST) else (rising, falling)
    return Head(name, title, orders.get(sort, ""), other if sort == first else first)


def chosen_columns(asked: Sequence[str]) -> tuple[str, ...]:
    """The known ones among those asked for; the usual ones where none is."""
    return tuple(name for name in TITLES if name in asked) or USUAL


def columns(chosen: Sequence[str]) -> list[Column]:
    """All that there are."""
    return [Column(name, title, name in chosen) for name, title in TITLES.items()]


def more_of(receipt: Receipt, *, chosen: Sequence[str]) -> list[tuple[str, str]]:
    """Title and value of what stands below the line; nothing where the receipt has none."""
    values = {
        "rule": receipt.rule_id,
        "risk": receipt.risk_level,
        "session": receipt.session_id,
        "place": f"{receipt.stream}, {receipt.position}",
        "id": receipt.pk,
    }
    return [(TITLES[name], value) for name, value in values.items() if name in chosen]
