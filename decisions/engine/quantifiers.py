"""Operators that look into a value: the items of a list, the members of an object, the length of a text."""

from __future__ import annotations

from collections.abc import Callable

from decisions.engine.conditions import AllOf, AnyOf, Comparison, Negation, Operand
from decisions.engine.setting import Build, Setting
from decisions.engine.subject import About, Check, Item

_CONDITIONS = (Comparison, AllOf, AnyOf, Negation)
_SIZED = (str, list, frozenset)


def every(operand: Operand, setting: Setting) -> Check:
    """`every`: `all` over the items. An empty list proves nothing."""
    assert isinstance(operand, _CONDITIONS)
    test = setting.compile_inner(operand)

    def check(value: object, about: About) -> bool | None:
        if not isinstance(value, list) or not value:
            return None
        truth: bool | None = True
        for each in value:
            about.meter.spend(1)
            result = test(Item(each, within=about))
            if result is False:
                return False
            truth = truth if result else None
        return truth

    return check


def some(operand: Operand, setting: Setting) -> Check:
    """`some`: `any` over the items."""
    assert isinstance(operand, _CONDITIONS)
    test = setting.compile_inner(operand)

    def check(value: object, about: About) -> bool | None:
        if not isinstance(value, list):
            return None
        truth: bool | None = False
        for each in value:
            about.meter.spend(1)
            result = test(Item(each, within=about))
            if result is True:
                return True
            truth = truth if result is False else None
        return truth

    return check


def where(operand: Operand, setting: Setting) -> Check:
    """`where`: the operand compares members of the object."""
    assert isinstance(operand, _CONDITIONS)
    test = setting.compile_inner(operand)
    return lambda value, about: test(Item(value, within=about)) if isinstance(value, dict) else None


def length(operand: Operand, setting: Setting) -> Check:
    """`length`: the operand is asked of the number of characters or items."""
    assert isinstance(operand, _CONDITIONS)
    test = setting.compile_inner(operand)

    def check(value: object, about: About) -> bool | None:
        return test(Item(len(value), within=about)) if isinstance(value, _SIZED) else None

    return check


def compares_sizes(compare: Callable[[int, int], bool]) -> Build:
    """`min_length` and `max_length`."""

    def build(operand: Operand, setting: Setting) -> Check:
        assert isinstance(operand, int)
        bound = operand
        return lambda value, about: compare(len(value), bound) if isinstance(value, _SIZED) else None

    return build
