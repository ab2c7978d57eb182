"""What a MODIFY does to parameters (page: Changing parameters)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.reference.loading import Rule
from tests.reference.readings import MISSING, at_path, is_number, kind_of, name_of_parameter, same, steps_of

Change = tuple[str, str, Any]
ORDER = ["replace", "cap", "clamp", "redact", "mask", "remove", "add_filter"]


def changes_of(rule: Rule) -> list[Change]:
    """Kind, name and operand of every change; a filter is one change for each of its members."""
    changes: list[Change] = []
    parts = rule.modifications if isinstance(rule.modifications, list) else [rule.modifications]
    for written, operands in (item for part in parts for item in part.items()):
        if written.startswith("parameters."):
            changes.append(("replace", written.removeprefix("parameters."), operands))
            continue
        kind = "replace" if written == "parameters" else written
        for name in operands:
            operand = operands[name] if isinstance(operands, dict) else None
            changes.append((kind, name.removeprefix("parameters."), operand))
    return changes


def place_of(name: str) -> tuple[str, ...]:
    return tuple(steps_of(name))


def places_of(change: Change) -> list[tuple[tuple[str, ...], Any]]:
    """The places that a change sets, with what tells it from other changes there."""
    kind, name, operand = change
    if kind == "add_filter":
        return [((*place_of(name), member), (kind, value)) for member, value in operand.items()]
    return [(place_of(name), (kind, operand))]


def merged(rules: list[Rule]) -> list[Change] | None:
    """The changes of all rules; nothing if one changes what another changes otherwise, or something within it."""
    changes: list[Change] = []
    for rule in rules:
        for change in changes_of(rule):
            if any(_clash(change, other) for other in changes):
                return None
            changes = _with(changes, change)
    return sorted(changes, key=lambda change: (ORDER.index(change[0]), change[1]))


def _clash(change: Change, other: Change) -> bool:
    return any(
        place[: len(there)] == there[: len(place)] and not (place == there and _agree(way, other_way))
        for place, way in places_of(change)
        for there, other_way in places_of(other)
    )


def _agree(way: tuple[str, Any], other: tuple[str, Any]) -> bool:
    return way[0] == other[0] and (way[0] == "cap" or same(way[1], other[1]))


def _with(changes: list[Change], change: Change) -> list[Change]:
    """Caps of one place make the lowest; what is there already is not there twice."""
    for index, (kind, name, operand) in enumerate(changes):
        if kind == change[0] and place_of(name) == place_of(change[1]) and kind != "add_filter":
            lowest = (kind, name, min(operand, change[2])) if kind == "cap" else change
            return [*changes[:index], lowest, *changes[index + 1 :]]
    return changes if change in changes else [*changes, change]


def signature(changes: list[Change]) -> set[str]:
    """What a list of changes comes to, for comparing."""
    return {repr((place, way)) for change in changes for place, way in places_of(change)}


def applied(changes: list[Change], parameters: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Changed parameters, and the names of what can't be changed as meant."""
    result = copy.deepcopy(parameters)
    failed = [name_of_parameter(name) for kind, name, operand in changes if not KINDS[kind](result, name, operand)]
    return result, failed


def _put(parameters: Any, name: str, value: Any) -> bool:
    """Sets a value; false if the way there leads through something that is not there."""
    steps = steps_of(name)
    holder = holder_of(parameters, name)
    if isinstance(holder, dict):
        holder[steps[-1]] = value
        return True
    if isinstance(holder, list) and at_path(parameters, name) is not MISSING:
        holder[int(steps[-1])] = value
        return True
    return False


def holder_of(parameters: Any, name: str) -> Any:
    """What the last step of a name leads into."""
    steps = steps_of(name)
    if len(steps) == 1:
        return parameters
    if name.startswith("/"):
        return at_path(parameters, name.rpartition("/")[0])
    return at_path(parameters, name.rpartition(".")[0])


def _is_there(value: Any) -> bool:
    return value is not MISSING and value is not None


def _cap(parameters: Any, name: str, most: Any) -> bool:
    value = at_path(parameters, name)
    if not _is_there(value):
        return _put(parameters, name, most)
    return is_number(value) and (value <= most or _put(parameters, name, most))


def _clamp(parameters: Any, name: str, bounds: Any) -> bool:
    value = at_path(parameters, name)
    if not _is_there(value):
        return _put(parameters, name, bounds[0])
    if not is_number(value):
        return False
    wanted = bounds[0] if value < bounds[0] else bounds[1] if value > bounds[1] else value
    return _put(parameters, name, wanted)


def _redact(parameters: Any, name: str, _: Any) -> bool:
    return not _is_there(at_path(parameters, name)) or _put(parameters, name, "[redacted]")


def _mask(parameters: Any, name: str, kept: Any) -> bool:
    value = at_path(parameters, name)
    if not _is_there(value):
        return True
    if not isinstance(value, str):
        return False
    hidden = max(len(value) - kept, 0)
    return _put(parameters, name, "*" * hidden + value[hidden:])


def _add_filter(parameters: Any, name: str, members: Any) -> bool:
    value = at_path(parameters, name)
    if not _is_there(value):
        return _put(parameters, name, dict(members))
    if kind_of(value) != "dict":
        return False
    value.update(members)
    return True


def _remove(parameters: Any, name: str, _: Any) -> bool:
    if at_path(parameters, name) is MISSING:
        return True
    holder = holder_of(parameters, name)
    if isinstance(holder, list):
        return False
    del holder[steps_of(name)[-1]]
    return True


KINDS: dict[str, Callable[[Any, str, Any], bool | None]] = {
    "replace": _put,
    "cap": _cap,
    "clamp": _clamp,
    "redact": _redact,
    "mask": _mask,
    "remove": _remove,
    "add_filter": _add_filter,
}
