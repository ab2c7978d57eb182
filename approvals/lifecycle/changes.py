"""What a reviewer changes of an action before approving it: only what the policy's rule lists, value by value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy

from approvals.lifecycle.errors import ChangeError
from receipts.signing.canonical import JSON, canonical_bytes

_ABSENT = object()
_TYPES: Mapping[type, str] = {str: "text", int: "number", float: "number", list: "list", dict: "object"}


def apply_changes(
    parameters: Mapping[str, JSON], *, changes: Mapping[str, JSON], editable: Collection[str]
) -> dict[str, JSON]:
    """The parameters with the value at each JSON pointer (RFC 6901) of `changes` put in the place of what is there.

    A member that an object lacks is added; a list keeps its length, and a value its JSON type unless it was null.
    Raises `ChangeError` for a pointer that is not in `editable`, for a place that isn't there, for a value of another
    type, and where nothing is changed.
    """
    for pointer in sorted(set(changes) - set(editable)):
        raise ChangeError(
            f"The policy lets nobody change {pointer!a}.", fix="Change only what the rule lists as editable, or deny."
        )
    changed = deepcopy(dict(parameters))
    for pointer, value in changes.items():
        _check_type(value_at(parameters, pointer=pointer), after=value, pointer=pointer)
        _put(changed, pointer=pointer, value=deepcopy(value))
    if canonical_bytes(changed) == canonical_bytes(dict(parameters)):
        raise ChangeError("Nothing is changed.", fix="Change a value, or approve the action as it is.")
    return changed


def _check_type(before: JSON, *, after: JSON, pointer: str) -> None:
    if before is not None and _type_of(before) != _type_of(after):
        raise ChangeError(
            f"{pointer!a} is a {_type_of(before)}, and has to stay one.", fix=f"Give a {_type_of(before)}."
        )


def _type_of(value: JSON) -> str:
    # True and False are integers to Python.
    return "boolean" if isinstance(value, bool) else _TYPES.get(type(value), "null")


def value_at(parameters: Mapping[str, JSON], *, pointer: str) -> JSON:
    """What is at a pointer; None where nothing is."""
    found: object = dict(parameters)
    for name in _names(pointer):
        found = _member(found, name=name)
    return None if found is _ABSENT else found  # type: ignore[return-value]  # members of JSON are JSON


def _names(pointer: str) -> list[str]:
    return [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]


def _member(container: object, *, name: str) -> object:
    if isinstance(container, dict):
        return container.get(name, _ABSENT)
    if isinstance(container, list) and name.isascii() and name.isdigit() and int(name) < len(container):
        return container[int(name)]
    return _ABSENT


def _put(parameters: dict[str, JSON], *, pointer: str, value: JSON) -> None:
    *path, last = _names(pointer) or [""]
    container: object = parameters
    for name in path:
        container = _member(container, name=name)
    if isinstance(container, dict):
        container[last] = value
    elif isinstance(container, list) and _member(container, name=last) is not _ABSENT:
        container[int(last)] = value
    else:
        raise ChangeError(f"The action has no place {pointer!a}.", fix="Change a value that is there.")
