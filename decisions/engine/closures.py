"""Conditions as closures over an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from decisions.engine.conditions import AllOf, AnyOf, Comparison, Condition, Negation
from decisions.engine.fields import FIELDS, Field, FieldKind, Reader, Subject
from decisions.engine.operators import ALL_OPERATORS, Sees
from decisions.engine.scope import Scope
from decisions.engine.setting import ItemTest, Setting
from decisions.engine.subject import CONFLICTING, STALE, Check, Gap
from decisions.engine.toolnames import category_condition

Test: TypeAlias = Callable[[Subject], bool | None]

# Globs run on over every character of these.
_NAMES = frozenset({FieldKind.TOOL, FieldKind.OPERATION, FieldKind.WHOLE_NAME})


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
    field = comparison.field
    if field.kind is FieldKind.CATEGORY:
        return _compile_category(comparison, scope=scope)
    spec, operator = FIELDS[field.kind], ALL_OPERATORS[comparison.operator]
    setting = Setting(
        scope=scope,
        compile_inner=lambda inner: cast(ItemTest, compile_condition(inner, scope=scope).test),
        folds=spec.folds,
        is_name=field.kind in _NAMES,
    )
    read = spec.reader(field, scope, Gap.MISSING if operator.sees is Sees.NULL else None)
    return _SIGHTS[operator.sees](read, operator.build(comparison.operand, setting))


def _compile_category(comparison: Comparison, *, scope: Scope) -> Test:
    assert isinstance(comparison.operand, tuple)
    condition = category_condition(tuple(map(str, comparison.operand)), catalogue=scope.catalogue)
    return compile_condition(condition, scope=scope).test


def _of_values(read: Reader, check: Check) -> Test:
    def test(subject: Subject) -> bool | None:
        value = read(subject)
        return None if value is None or value is STALE or value is CONFLICTING else check(value, subject)

    return test


def _of_nulls(read: Reader, check: Check) -> Test:
    return lambda subject: check(read(subject), subject)


_SIGHTS: dict[Sees, Callable[[Reader, Check], Test]] = {
    Sees.VALUES: _of_values,
    Sees.NULL: _of_nulls,
    Sees.ABSENCE: _of_nulls,
}


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
