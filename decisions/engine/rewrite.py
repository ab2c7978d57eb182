"""What MODIFY rules do to parameters.

Nothing is changed in place. A change that can't be made as the rule means it (a cap on something that isn't a number, a
path through something that isn't there) is an obstacle, and the caller must not let the action pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias, cast

from decisions.engine.changes import Change, ChangeKind, is_same
from decisions.engine.errors import ObstacleError
from decisions.engine.pointers import Path, index_in, pointer, value_at
from decisions.engine.verdict import Modification
from receipts.signing.canonical import JSON

REDACTED = "[redacted]"

_Container: TypeAlias = dict[str, JSON] | list[JSON]


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
    """`parameters` after every step. Parts that no step touches are shared with the old ones.

    Filters come last: they may make an object, and no other step shall depend on whether that happened before it.
    """
    current = dict(parameters)
    modifications: list[Modification] = []
    obstacles: list[Path] = []
    for step in sorted(steps, key=lambda each: each.change.kind is ChangeKind.ADD_FILTER):
        try:
            made = _made(current, step=step)
        except ObstacleError:
            obstacles.append(step.change.path)
            continue
        if made is not None:
            current, modification = made
            modifications.append(modification)
    return Rewrite(parameters=current, modifications=tuple(modifications), obstacles=tuple(obstacles))


def _made(current: dict[str, JSON], *, step: Step) -> tuple[dict[str, JSON], Modification] | None:
    """The parameters after one step, and what it changed; None where it changes nothing."""
    kind, path = step.change.kind, step.change.path
    before = cast(JSON, value_at(current, path=path))
    if kind is ChangeKind.REMOVE:
        if not _is_there(current, path=path):
            return None
        after = None
        changed = _rebuilt(current, path=path, edit=_taken_away)
    elif before is None and kind in _NEEDS_NOTHING:
        return None
    else:
        after = _CHANGES[kind](before, step.change.value)
        changed = _rebuilt(current, path=path, edit=lambda container, name: _with_item(container, name, after))
        # To set a null where nothing stands is a change: the member is there from then on.
        if is_same(before, after) and (after is not None or _is_there(current, path=path)):
            return None
    modification = Modification(path=pointer(path), before=before, after=after, rule_id=step.rule_id, kind=kind)
    return cast(dict[str, JSON], changed), modification


def _replaced(before: JSON, value: JSON) -> JSON:
    return value


def _capped(before: JSON, value: JSON) -> JSON:
    if before is None:
        return value
    return min(_number(before), _number(value))


def _clamped(before: JSON, value: JSON) -> JSON:
    assert isinstance(value, list), "the parser takes only two numbers for a clamp"
    low, high = map(_number, value)
    if before is None:
        return low
    return min(max(_number(before), low), high)


def _redacted(before: JSON, value: JSON) -> JSON:
    return REDACTED


def _masked(before: JSON, value: JSON) -> JSON:
    if not isinstance(before, str):
        raise ObstacleError("A mask needs a text.", fix="Send a text.")
    assert isinstance(value, int), "the parser takes only a whole number for a mask"
    hidden = max(len(before) - value, 0)
    return "*" * hidden + before[hidden:]


def _filtered(before: JSON, value: JSON) -> JSON:
    assert isinstance(value, dict), "the parser takes only members for a filter"
    if before is None:
        return value
    if not isinstance(before, dict):
        raise ObstacleError("A filter needs an object.", fix="Send an object.")
    return {**before, **value}


_CHANGES: Mapping[ChangeKind, Callable[[JSON, JSON], JSON]] = {
    ChangeKind.REPLACE: _replaced,
    ChangeKind.CAP: _capped,
    ChangeKind.CLAMP: _clamped,
    ChangeKind.REDACT: _redacted,
    ChangeKind.MASK: _masked,
    ChangeKind.ADD_FILTER: _filtered,
}
# Where nothing stands, there is nothing to hide.
_NEEDS_NOTHING = frozenset({ChangeKind.REDACT, ChangeKind.MASK})


def _number(value: JSON) -> int | float:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, float) and isfinite(value)):
        raise ObstacleError("A number is needed here.", fix="Send a number.")
    return cast(int | float, value)


def _is_there(container: JSON, *, path: Path) -> bool:
    """Whether `path` leads to a member or item, be it null."""
    parent = cast(JSON, value_at(container, path=path[:-1]))
    if isinstance(parent, dict):
        return path[-1] in parent
    return isinstance(parent, list) and index_in(parent, name=path[-1]) is not None


def _rebuilt(container: JSON, *, path: Path, edit: Callable[[JSON, str], _Container]) -> _Container:
    """A copy of `container` in which what holds the end of `path` was edited."""
    name, rest = path[0], path[1:]
    if not rest:
        return edit(container, name)
    inner = cast(JSON, value_at(container, path=(name,)))
    return _with_item(container, name, _rebuilt(inner, path=rest, edit=edit))


def _with_item(container: JSON, name: str, value: JSON) -> _Container:
    if isinstance(container, dict):
        return {**container, name: value}
    index = index_in(container, name=name) if isinstance(container, list) else None
    if index is None or not isinstance(container, list):
        raise ObstacleError("A change leads through something that is not there.", fix="Send the object it belongs to.")
    return [*container[:index], value, *container[index + 1 :]]


def _taken_away(container: JSON, name: str) -> _Container:
    if not isinstance(container, dict):
        raise ObstacleError("An item of a list can't be taken away.", fix="Send the list without it.")
    return {member: value for member, value in container.items() if member != name}
