"""Where secrets and payment cards stand in a JSON value, to the character, so that no more than they is ever covered.

It looks at the same text as `decisions.engine.classify`, and so finds what that finds, with the same names beside it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from unicodedata import combining

from decisions.engine.classify import plain_text
from decisions.engine.detectors.cards import card_spans
from decisions.engine.detectors.credentials import credential_spans
from decisions.engine.detectors.private_keys import private_key_spans
from decisions.engine.detectors.table import PCI, SECRET, detectors_for
from decisions.engine.detectors.tokens import token_spans
from receipts.signing.canonical import JSON

_PLACES: dict[str, tuple[str, Callable[[bytes], Iterator[tuple[int, int]]]]] = {
    "private_key": (SECRET, private_key_spans),
    "token": (SECRET, token_spans),
    "credential": (SECRET, credential_spans),
    "card": (PCI, card_spans),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters `start` to `end` of the text, or of the decimal form of the whole number, at a JSON Pointer."""

    path: str
    start: int
    end: int
    kind: str

    def to_dict(self) -> dict[str, JSON]:
        """As a snapshot keeps it."""
        return {"path": self.path, "start": self.start, "end": self.end, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class _Leaf:
    path: str
    name: str
    text: str

    @property
    def prefix(self) -> str:
        return f"{self.name}: " if self.name else ""


def marks_in(value: JSON) -> tuple[Mark, ...]:
    """Every secret and card in `value`, by place; those that overlap are one. Total, as the detectors are."""
    leaves = list(_leaves(value))
    lines = [plain_text(leaf.prefix + leaf.text).encode("utf-8", "replace") for leaf in leaves]
    text = b"\n".join(lines)
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    found: list[Mark] = []
    for kind, start, end in _spans(text):
        first, last = bisect_right(starts, start) - 1, bisect_right(starts, end - 1)
        for place in range(first, min(last, len(leaves))):
            found.extend(_mark(leaves[place], kind=kind, start=start - starts[place], end=end - starts[place]))
    return _merged(found)


def _spans(text: bytes) -> Iterator[tuple[str, int, int]]:
    for detector in detectors_for(text):
        if detector.name in _PLACES:
            kind, places = _PLACES[detector.name]
            yield from ((kind, start, end) for start, end in places(text))


def _leaves(value: JSON) -> Iterator[_Leaf]:
    """Every text and whole number, in the order in which the classifier reads them."""
    waiting: list[tuple[str, str, JSON]] = [("", "", value)]
    while waiting:
        path, name, item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend((f"{path}/{_token(key)}", key, part) for key, part in item.items())
        elif isinstance(item, list):
            waiting.extend((f"{path}/{place}", name, part) for place, part in enumerate(item))
        elif isinstance(item, (str, int)) and not isinstance(item, bool):
            yield _Leaf(path, name, str(item))


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _mark(leaf: _Leaf, *, kind: str, start: int, end: int) -> Iterator[Mark]:
    """What of a span of plain bytes lies in the leaf's own text, in its characters."""
    bounds = list(_bounds(leaf.prefix + leaf.text))
    first = next((place for place, (_, stop) in enumerate(bounds) if stop > start), len(bounds))
    last = next((place for place, (begin, _) in enumerate(bounds) if begin >= end), len(bounds))
    own = max(first - len(leaf.prefix), 0), last - len(leaf.prefix)
    if own[0] < own[1]:
        yield Mark(leaf.path, own[0], own[1], kind)


def _bounds(line: str) -> Iterator[tuple[int, int]]:
    """For each character where its plain form begins and ends; marks that combine share that of their letter."""
    if line.isascii():
        yield from ((place, place + 1) for place in range(len(line)))
        return
    at = place = 0
    while place < len(line):
        stop = place + 1
        while stop < len(line) and combining(line[stop]):
            stop += 1
        size = len(plain_text(line[place:stop]).encode("utf-8", "replace"))
        yield from ((at, at + size) for _ in range(place, stop))
        at, place = at + size, stop


def _merged(marks: list[Mark]) -> tuple[Mark, ...]:
    merged: list[Mark] = []
    for mark in sorted(marks, key=lambda each: (each.path, each.start, -each.end)):
        before = merged[-1] if merged else None
        if before is None or before.path != mark.path or mark.start >= before.end:
            merged.append(mark)
        elif mark.end > before.end:
            merged[-1] = Mark(mark.path, before.start, mark.end, before.kind)
    return tuple(merged)
