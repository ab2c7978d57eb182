"""What a MODIFY rule does to parameters: `replace` sets a value, `cap` lowers a number that is too high.

Nothing is changed in place. A change that can't be made as the rule means it (a cap on something that isn't a number, a
path through something that isn't there) is an obstacle, and the caller must not let the action pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import cast

from decisions.engine.errors import ObstacleError
from decisions.engine.pointers import Path, index_in, pointer, value_at
from decisions.engine.verdict import Modification
from receipts.signing.canonical import JSON


class ChangeKind(StrEnum):
    """How a value is changed."""

    REPLACE = "replace"
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. The value of a cap is a number; where nothing stands at its path, the cap itself is set."""

    kind: ChangeKind
    path: Path
    value: JSON


@dataclass(frozen=True, slots=True)
class Step:
    """A change and the rule that asks for it."""

    rule_id: str
    change: Change


@dataclass(frozen=True, slots=True)
class Rewrite:
    """New parameters, what differs from the old ones, and the paths where a change could not be made."""

    parameters: dict[str, JSON]
    modifications: tuple[Modification, ...]
    obstacles: tuple[Path, ...]


def rewrite(parameters: Mapping[str, JSON], *, steps: Sequence[Step]) -> Rewrite:
    """`parameters` after every step, in order. Parts that no step touches are shared with the old ones."""
    current = dict(parameters)
    modifications: list[Modification] = []
    obstacles: list[Path] = []
    for rule_id, change in ((step.rule_id, step.change) for step in steps):
        before = cast(JSON, value_at(current, path=change.path))
        try:
            after = _changed(before, change=change)
            changed = _with_member(current, path=change.path, value=after)
        except ObstacleError:
            obstacles.append(change.path)
            continue
        if not is_same(before, after):
            current = changed
            modifications.append(Modification(path=pointer(change.path), before=before, after=after, rule_id=rule_id))
    return Rewrite(parameters=current, modifications=tuple(modifications), obstacles=tuple(obstacles))


def is_same(one: object, other: object) -> bool:
    """Whether two JSON values are equal in type and content; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(item, other[name]) for name, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return one == other


def are_in_conflict(one: Change, other: Change) -> bool:
    """Whether two changes of equal standing could disagree: they meet at one place, or one lies within the other."""
    shorter, longer = sorted((one.path, other.path), key=len)
    if longer[: len(shorter)] != shorter:
        return False
    if len(shorter) < len(longer) or one.kind is not other.kind:
        return True
    return one.kind is ChangeKind.REPLACE and not is_same(one.value, other.value)


def _changed(before: JSON, *, change: Change) -> JSON:
    if change.kind is ChangeKind.REPLACE or before is None:
        return change.value
    if isinstance(before, bool) or not isinstance(before, (int, float)) or not isfinite(before):
        raise ObstacleError("A cap needs a number.", fix="Send a number.")
    limit = change.value
    assert isinstance(limit, (int, float)), "the parser takes numbers only"
    return limit if before > limit else before


def _with_member(container: dict[str, JSON], *, path: Path, value: JSON) -> dict[str, JSON]:
    name, rest = path[0], path[1:]
    return {**container, name: _with_value(container.get(name), path=rest, value=value) if rest else value}


def _with_value(container: JSON, *, path: Path, value: JSON) -> JSON:
    if isinstance(container, dict):
        return _with_member(container, path=path, value=value)
    name, rest = path[0], path[1:]
    index = index_in(container, name=name) if isinstance(container, list) else None
    if index is None or not isinstance(container, list):
        raise ObstacleError("A change leads through something that is not there.", fix="Send the object it belongs to.")
    inner = _with_value(container[index], path=rest, value=value) if rest else value
    return [*container[:index], inner, *container[index + 1 :]]
