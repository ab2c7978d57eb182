"""The changes that a MODIFY rule can make, and when two of them disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from decisions.engine.pointers import Path
from receipts.signing.canonical import JSON, canonical_bytes


class ChangeKind(StrEnum):
    """How a value is changed; the words of `modifications:`."""

    REPLACE = "replace"
    CAP = "cap"
    CLAMP = "clamp"
    REDACT = "redact"
    MASK = "mask"
    ADD_FILTER = "add_filter"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """One change at `path`.

    `value` is what to set (replace), the highest number (cap), the lowest and the highest (clamp), how many characters
    stay (mask), the members to set (add_filter), or None (redact, remove).
    """

    kind: ChangeKind
    path: Path
    value: JSON


# One place, and what is done there, in a form that compares and hashes.
Term: TypeAlias = tuple[Path, ChangeKind, bytes]


def is_same(one: object, other: object) -> bool:
    """Whether two JSON values are equal in type and content; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(item, other[name]) for name, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return one == other


def meetings(changes: Iterable[Change]) -> Iterator[tuple[Change, Change]]:
    """Changes of which one is made where the other is, or within it: for each, one of those that it meets first.

    Linear, so that a policy of many changes can be judged.
    """
    at: dict[Path, Change] = {}
    below: dict[Path, Change] = {}
    for part in (part for change in changes for part in _parts(change)):
        around = [part.path[:length] for length in range(1, len(part.path))]
        earlier = next((at[path] for path in (*around, part.path) if path in at), below.get(part.path))
        if earlier is not None:
            yield earlier, part
        at.setdefault(part.path, part)
        for path in around:
            below.setdefault(path, part)


def are_in_conflict(changes: Iterable[Change]) -> bool:
    """Whether changes of equal standing disagree: one changes what another changes otherwise, or what is in it.

    Caps of one place don't: the lowest covers all of them.
    """
    return any(_disagree(*pair) for pair in meetings(changes))


def terms(changes: Iterable[Change]) -> frozenset[Term]:
    """What changes come to together, whoever asks for them: of several caps of one place only the lowest is left."""
    lowest: dict[tuple[Path, ChangeKind], Change] = {}
    for part in (part for change in changes for part in _parts(change)):
        known = lowest.setdefault((part.path, part.kind), part)
        if part.kind is ChangeKind.CAP and _number(part.value) < _number(known.value):
            lowest[part.path, part.kind] = part
    return frozenset((part.path, part.kind, canonical_bytes(part.value)) for part in lowest.values())


def _parts(change: Change) -> Iterator[Change]:
    """The change of each single place; a filter changes the members that it sets, not the object around them."""
    if change.kind is not ChangeKind.ADD_FILTER or not isinstance(change.value, dict):
        yield change
        return
    for name, value in change.value.items():
        yield Change(change.kind, (*change.path, name), value)


def _disagree(one: Change, other: Change) -> bool:
    """Whether two changes that meet do different things."""
    if one.path != other.path or one.kind is not other.kind:
        return True
    return one.kind is not ChangeKind.CAP and not is_same(one.value, other.value)


def _number(value: JSON) -> float:
    assert isinstance(value, (int, float)), "the parser takes only numbers for a cap"
    return value
