"""Which parts of a receipt its line in the list has: chosen by the address, so that a link shows the same to all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from receipts.models import Receipt

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


@dataclass(frozen=True, slots=True)
class Column:
    """A part that can be chosen."""

    name: str
    title: str
    is_chosen: bool


def chosen_columns(asked: Sequence[str]) -> tuple[str, ...]:
    """The known ones among those asked for; the usual ones where none is."""
    return tuple(name for name in TITLES if name in asked) or USUAL


def columns(chosen: Sequence[str]) -> list[Column]:
    """All that there are."""
    return [Column(name, title, name in chosen) for name, title in TITLES.items()]


def more_of(receipt: Receipt, *, chosen: Sequence[str]) -> list[tuple[str, str]]:
    """Title and value of what stands below the line, where the receipt has it."""
    values = {
        "rule": receipt.rule_id,
        "risk": receipt.risk_level,
        "session": receipt.session_id,
        "place": f"{receipt.stream}, {receipt.position}",
        "id": receipt.pk,
    }
    return [(TITLES[name], value) for name, value in values.items() if name in chosen and value]
