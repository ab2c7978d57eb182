"""Operators that hold numbers, times, durations and levels against a bound."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from decisions.engine.conditions import Operand
from decisions.engine.counters import exact
from decisions.engine.durations import parse_duration
from decisions.engine.limits import Limit
from decisions.engine.setting import Build, Setting
from decisions.engine.subject import About, Check
from decisions.engine.times import parse_time
from decisions.engine.values import is_number
from decisions.engine.windows import Window

_Compare: TypeAlias = Callable[[float, float], bool]


def compares_numbers(compare: _Compare) -> Build:
    """`gt`, `gte`, `lt`, `lte`."""

    def build(operand: Operand, setting: Setting) -> Check:
        assert is_number(operand)
        bound: float = operand
        return lambda value, about: compare(value, bound) if is_number(value) else None

    return build


def is_between(operand: Operand, setting: Setting) -> Check:
    """`range`, both bounds included."""
    assert isinstance(operand, tuple)
    low, high = operand
    assert is_number(low)
    assert is_number(high)
    lowest, highest = low, high
    return lambda value, about: lowest <= value <= highest if is_number(value) else None


def moment_of(value: object) -> datetime | None:
    """A moment of the evaluation itself, or one that is written as RFC 3339 has it."""
    if isinstance(value, datetime):
        return value
    return parse_time(value) if isinstance(value, str) else None


def compares_moments(compare: Callable[[datetime, datetime], bool]) -> Build:
    """`before` and `after`."""

    def build(operand: Operand, setting: Setting) -> Check:
        bound = parse_time(str(operand))
        assert bound is not None, "the parser takes no other times"

        def check(value: object, about: About) -> bool | None:
            moment = moment_of(value)
            return None if moment is None else compare(moment, bound)

        return check

    return build


def compares_ages(compare: Callable[[timedelta, timedelta], bool]) -> Build:
    """`older_than` and `newer_than`; what lies after the decision has a negative age."""

    def build(operand: Operand, setting: Setting) -> Check:
        assert isinstance(operand, int)
        bound = timedelta(seconds=operand)

        def check(value: object, about: About) -> bool | None:
            moment = moment_of(value)
            return None if moment is None else compare(about.context.at - moment, bound)

        return check

    return build


def compares_durations(compare: _Compare) -> Build:
    """`longer_than` and `shorter_than`."""

    def build(operand: Operand, setting: Setting) -> Check:
        assert isinstance(operand, int)
        bound = operand

        def check(value: object, about: About) -> bool | None:
            seconds = parse_duration(value) if isinstance(value, str) else None
            return None if seconds is None else compare(seconds, bound)

        return check

    return build


def compares_levels(compare: Callable[[int, int], bool]) -> Build:
    """`higher_than` and `lower_than`. A level that the policy does not have is above and below nothing for sure."""

    def build(operand: Operand, setting: Setting) -> Check:
        levels = setting.scope.levels
        bound = levels.rank(str(operand))

        def check(value: object, about: About) -> bool | None:
            rank = levels.rank(value) if isinstance(value, str) else None
            return None if rank is None or bound is None else compare(rank, bound)

        return check

    return build


def is_in_window(operand: Operand, setting: Setting) -> Check:
    """The days and hours of `time`."""
    assert isinstance(operand, Window)
    holds = operand.holds
    return lambda value, about: holds(value) if isinstance(value, datetime) else None


def is_within_limit(operand: Operand, setting: Setting) -> Check:
    """`rate` and `budget`: whether what is counted, this action included, is no more than the maximum."""
    assert isinstance(operand, Limit)
    most = exact(operand.maximum)
    return lambda value, about: value <= most if isinstance(value, (int, Decimal)) else None
