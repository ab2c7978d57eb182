"""The operators: a table from a name to what it takes and what it asks of a value.

A check answers True, False, or None for *unknown*: a value of a type that the operator doesn't compare is never a quiet
False (POL-13, POL-21). A text that equals the operand but for case or width is unknown as well, except in fields that
fold: `PROD` must slip past a rule about `prod` neither way. Checks are total, and see null only if they ask for it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import TypeAlias

from decisions.engine.destinations import Domains, is_inside
from decisions.engine.folding import fold
from decisions.engine.patterns import compile_pattern

Scalar: TypeAlias = bool | int | float | str
Operand: TypeAlias = Scalar | tuple[Scalar, ...]
Check: TypeAlias = Callable[[object], bool | None]


class Shape(Enum):
    """What an operator takes."""

    SCALAR = "one text, number or boolean"
    SCALARS = "one or more texts, numbers or booleans"
    NUMBER = "a number"
    PATTERN = "a regular expression"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a comparison depends on beside its operand: whether the field folds, and the organisation's domains."""

    folds: bool
    domains: Domains


@dataclass(frozen=True, slots=True)
class Operator:
    """One row of the table. `sees_absence` lets the check see a value that is missing, null or not trusted, as None."""

    takes: Shape
    build: Callable[[Operand, Setting], Check]
    sees_absence: bool = False


def any_of(results: Iterable[bool | None]) -> bool | None:
    """Kleene's OR: True if any is, else unknown if any is, else False."""
    unknown = False
    for result in results:
        if result is True:
            return True
        unknown = unknown or result is None
    return None if unknown else False


def _type_of(value: object) -> str | None:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return "number"
    return None


def _scalars(operand: Operand) -> tuple[Scalar, ...]:
    return operand if isinstance(operand, tuple) else (operand,)


@dataclass(frozen=True, slots=True)
class _Choices:
    """The scalars that an operand lists, ready to compare with."""

    exact: Mapping[str, frozenset[Scalar]]
    folded: tuple[str, ...]
    folds: bool

    def include(self, value: object) -> bool | None:
        """Whether `value` is one of them; unknown where none of them is of its type."""
        listed = self.exact.get(_type_of(value) or "")
        if listed is None:
            return None
        if value in listed:
            return True
        if not isinstance(value, str) or fold(value) not in self.folded:
            return False
        return True if self.folds else None

    def occur_in(self, text: str) -> bool | None:
        """Whether one of the texts among them is part of `text`; unknown where there is none."""
        listed = self.exact.get("text")
        if listed is None:
            return None
        if any(str(part) in text for part in listed):
            return True
        folded = fold(text)
        if not any(part in folded for part in self.folded):
            return False
        return True if self.folds else None

    def share_with(self, items: Collection[object]) -> bool | None:
        """Whether an item is one of them; unknown where items are there but none is of a listed type."""
        known = [self.include(item) for item in items if _type_of(item) in self.exact]
        return any_of(known) if known or not items else None


def _choices(operand: Operand, setting: Setting) -> _Choices:
    exact: dict[str, set[Scalar]] = {}
    for scalar in _scalars(operand):
        exact.setdefault(_type_of(scalar) or "", set()).add(scalar)
    folded = tuple(sorted(fold(text) for text in exact.get("text", ()) if isinstance(text, str)))
    return _Choices({kind: frozenset(listed) for kind, listed in exact.items()}, folded, folds=setting.folds)


def _includes(operand: Operand, setting: Setting) -> Check:
    return _choices(operand, setting).include


def _contains(operand: Operand, setting: Setting) -> Check:
    choices = _choices(operand, setting)

    def check(value: object) -> bool | None:
        if isinstance(value, str):
            return choices.occur_in(value)
        if isinstance(value, (list, frozenset)):
            return choices.share_with(value)
        return None

    return check


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[Operand, Setting], Check]:
    def build(operand: Operand, setting: Setting) -> Check:
        assert isinstance(operand, (int, float))
        bound: float = operand

        def check(value: object) -> bool | None:
            if _type_of(value) != "number":
                return None
            assert isinstance(value, (int, float))
            return compare(value, bound)

        return check

    return build


def _matches(operand: Operand, setting: Setting) -> Check:
    occurs = compile_pattern(str(operand))
    assert occurs is not None, "the parser takes no pattern that RE2 refuses"
    return lambda value: occurs(value) if isinstance(value, str) else None


def _external(operand: Operand, setting: Setting) -> Check:
    def is_outside(value: object) -> bool | None:
        if not isinstance(value, str) or not value.strip():
            return None
        return not is_inside(value, domains=setting.domains)

    def check(value: object) -> bool | None:
        # An empty list names no destination, so nothing is known about where this goes.
        outside = (any_of(map(is_outside, value)) if value else None) if isinstance(value, list) else is_outside(value)
        return outside if outside is None else outside is operand

    return check


def _absent(operand: Operand, setting: Setting) -> Check:
    return lambda value: (value is None) is operand


OPERATORS: Mapping[str, Operator] = {
    "eq": Operator(Shape.SCALAR, _includes),
    "in": Operator(Shape.SCALARS, _includes),
    "gt": Operator(Shape.NUMBER, _ordered(operator.gt)),
    "gte": Operator(Shape.NUMBER, _ordered(operator.ge)),
    "lt": Operator(Shape.NUMBER, _ordered(operator.lt)),
    "lte": Operator(Shape.NUMBER, _ordered(operator.le)),
    "contains": Operator(Shape.SCALARS, _contains),
    "matches": Operator(Shape.PATTERN, _matches),
    "external": Operator(Shape.FLAG, _external),
    "absent": Operator(Shape.FLAG, _absent, sees_absence=True),
}
