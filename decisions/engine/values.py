"""JSON values: of which type one is, and when two are the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from math import isfinite
from typing import TypeGuard

# Deeper values than any policy can write down. All of them count as the same, so none passes for a unique one.
_DEEPEST = 64


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether `value` is a finite number; a boolean is none."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and isfinite(value))


def is_whole(value: object) -> TypeGuard[int | float]:
    """Whether `value` is a number without a fraction, however it is written: 1.0 is."""
    return is_number(value) and (isinstance(value, int) or value.is_integer())


JSON_TYPES: Mapping[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": is_whole,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, Mapping),
    "null": lambda value: value is None,
}


def scalar_kind(value: object) -> str | None:
    """`text`, `boolean` or `number`; None for everything else. Only values of one kind can be equal."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "boolean"
    return "number" if is_number(value) else None


def identity(value: object, *, depth: int = 0) -> Hashable:
    """What equal JSON values share and others don't: 1 is 1.0, but neither `true` nor "1"."""
    if depth > _DEEPEST:
        return "deep"
    if isinstance(value, list):
        return "array", tuple(identity(item, depth=depth + 1) for item in value)
    if isinstance(value, Mapping):
        return "object", frozenset((name, identity(item, depth=depth + 1)) for name, item in value.items())
    return scalar_kind(value), value if isinstance(value, (str, int, float)) else None
