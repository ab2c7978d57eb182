"""Conditions: what a `match:` says, as a tree. `closures` compiles it.

Truth is three-valued after Kleene: True, False, and None for unknown. A group is unknown exactly when its unknown parts
could still turn it either way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from decisions.engine.fields import Field
from decisions.engine.limits import Limit
from decisions.engine.windows import Window
from receipts.signing.canonical import JSON

Scalar: TypeAlias = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field held against one operand."""

    field: Field
    operator: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every item must hold; there is at least one."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One item must hold; there is at least one."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The item must not hold."""

    item: Condition


@dataclass(frozen=True, slots=True)
class Anything:
    """Holds always: `match: any`, or what the index has settled already."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The operand `catalogue` of `schema`: what the catalogue says of the action's own tool."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The operand of `schema`: a JSON Schema that `schema_reading` has checked."""

    schema: JSON


Condition: TypeAlias = Comparison | AllOf | AnyOf | Negation | Anything
Operand: TypeAlias = Scalar | tuple[Scalar, ...] | Window | Limit | Schema | Registered | Condition


def all_of(items: tuple[Condition, ...]) -> Condition:
    """All of one or more items together, groups inside them taken apart."""
    flat = tuple(part for item in items for part in (item.items if isinstance(item, AllOf) else (item,)))
    return flat[0] if len(flat) == 1 else AllOf(flat)


def any_of(items: tuple[Condition, ...]) -> Condition:
    """One of one or more items."""
    return items[0] if len(items) == 1 else AnyOf(items)


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Every comparison in `condition`, in reading order; what quantifiers ask of their items is not taken apart."""
    match condition:
        case Comparison():
            yield condition
        case AllOf(items) | AnyOf(items):
            for item in items:
                yield from comparisons(item)
        case Negation(item):
            yield from comparisons(item)
