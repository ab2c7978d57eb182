"""Conditions: what a `match:` says, as a tree, and the closures that it is compiled to.

Truth is three-valued after Kleene: True, False, and None for unknown. A group is unknown exactly when its unknown parts
could still turn it either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from decisions.engine.context import Trust
from decisions.engine.destinations import Domains
from decisions.engine.fields import FIELDS, Field, Subject
from decisions.engine.operators import OPERATORS, Operand, Setting

Test: TypeAlias = Callable[[Subject], bool | None]


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


Condition: TypeAlias = Comparison | AllOf | AnyOf | Negation | Anything


@dataclass(frozen=True, slots=True)
class Scope:
    """What the comparisons of one rule have in common: the trust that it demands and the organisation's domains."""

    trust: Trust
    domains: Domains


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition as a closure. The parts are kept beside it, to trace them and to find what is unknown."""

    test: Test
    comparison: Comparison | None = None
    parts: tuple[Compiled, ...] = ()

    def leaves(self) -> Iterator[tuple[Comparison, Test]]:
        """Every comparison with its own closure, in reading order."""
        if self.comparison is not None:
            yield self.comparison, self.test
        for part in self.parts:
            yield from part.leaves()

    def unknown_fields(self, subject: Subject) -> Iterator[Field]:
        """The fields that keep this condition from being true or false; none if it is one of them."""
        if self.test(subject) is not None:
            return
        if self.comparison is not None:
            yield self.comparison.field
        for part in self.parts:
            yield from part.unknown_fields(subject)


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Every comparison in `condition`, in reading order."""
    match condition:
        case Comparison():
            yield condition
        case AllOf(items) | AnyOf(items):
            for item in items:
                yield from comparisons(item)
        case Negation(item):
            yield from comparisons(item)


def compile_condition(condition: Condition, *, scope: Scope) -> Compiled:
    """The closure that tells whether `condition` holds."""
    match condition:
        case Comparison():
            return Compiled(compile_comparison(condition, scope=scope), comparison=condition)
        case AllOf(items):
            return _group(_all, [compile_condition(item, scope=scope) for item in items])
        case AnyOf(items):
            return _group(_any, [compile_condition(item, scope=scope) for item in items])
        case Negation(item):
            inner = compile_condition(item, scope=scope)
            return Compiled(_not(inner.test), parts=(inner,))
    return Compiled(_always)


def compile_comparison(comparison: Comparison, *, scope: Scope) -> Test:
    """The closure of one comparison. What its field can't supply is unknown, unless the operator asks for absence."""
    spec = FIELDS[comparison.field.kind]
    read = spec.reader(comparison.field.path, scope.trust)
    operator = OPERATORS[comparison.operator]
    check = operator.build(comparison.operand, Setting(folds=spec.folds, domains=scope.domains))
    if operator.sees_absence:
        return lambda subject: check(read(subject))

    def test(subject: Subject) -> bool | None:
        value = read(subject)
        return None if value is None else check(value)

    return test


def _group(join: Callable[[Sequence[Test]], Test], parts: list[Compiled]) -> Compiled:
    return Compiled(join([part.test for part in parts]), parts=tuple(parts))


def _all(tests: Sequence[Test]) -> Test:
    def test(subject: Subject) -> bool | None:
        truth: bool | None = True
        for each in tests:
            result = each(subject)
            if result is False:
                return False
            if result is None:
                truth = None
        return truth

    return test


def _any(tests: Sequence[Test]) -> Test:
    def test(subject: Subject) -> bool | None:
        truth: bool | None = False
        for each in tests:
            result = each(subject)
            if result is True:
                return True
            if result is None:
                truth = None
        return truth

    return test


def _not(inner: Test) -> Test:
    def test(subject: Subject) -> bool | None:
        result = inner(subject)
        return None if result is None else not result

    return test


def _always(subject: Subject) -> bool | None:
    return True
