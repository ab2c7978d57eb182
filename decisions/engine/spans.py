"""What bounds say together: the span of numbers, moments, durations, levels or sizes that they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from decisions.engine.levels import Levels
from decisions.engine.likeness import scalars
from decisions.engine.literals import Literal
from decisions.engine.ordering import moment_of


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a span; `is_open` leaves `at` itself out."""

    at: Any
    is_open: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Everything between two ends of one kind; None is no end."""

    low: Bound | None = None
    high: Bound | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies in it. Only whole values may, and this still says no: it is never wrongly empty."""
        if self.low is None or self.high is None:
            return False
        return self.low.at > self.high.at or (self.low.at == self.high.at and (self.low.is_open or self.high.is_open))

    def meet(self, other: Span) -> Span:
        """What lies in both."""
        lows = [span.low for span in (self, other) if span.low is not None]
        highs = [span.high for span in (self, other) if span.high is not None]
        return Span(
            max(lows, key=lambda end: (end.at, end.is_open), default=None),
            min(highs, key=lambda end: (end.at, not end.is_open), default=None),
        )

    def lies_in(self, other: Span) -> bool:
        """Whether all of it is part of `other`."""
        return self.meet(other) == self


# What an operator measures, and the ends that it sets if it is true: (lower, upper), each open or not.
_Ends = tuple[bool | None, bool | None]
_MEASURES: Mapping[str, tuple[str, _Ends]] = {
    "gt": ("number", (True, None)),
    "gte": ("number", (False, None)),
    "lt": ("number", (None, True)),
    "lte": ("number", (None, False)),
    "range": ("number", (False, False)),
    "after": ("moment", (True, None)),
    "before": ("moment", (None, True)),
    "longer_than": ("duration", (True, None)),
    "shorter_than": ("duration", (None, True)),
    "higher_than": ("level", (True, None)),
    "lower_than": ("level", (None, True)),
    "min_length": ("size", (False, None)),
    "max_length": ("size", (None, False)),
}
_FROM_ZERO = Span(Bound(0, is_open=False), None)


def measure_of(literal: Literal) -> str | None:
    """What a literal sets bounds to; None where it sets none."""
    known = _MEASURES.get(literal.comparison.operator)
    # What is not in a range may lie on either side of it.
    return None if known is None or (literal.comparison.operator == "range" and not literal.holds) else known[0]


def span_of(literal: Literal, *, levels: Levels) -> Span:
    """The span that one literal leaves, which must have a measure."""
    measure, (low, high) = _MEASURES[literal.comparison.operator]
    read = _READ.get(measure, _as_it_is)
    ends = [read(each, levels) for each in scalars(literal.comparison.operand)]
    if not literal.holds:
        # The opposite of an end is the other end, open where this one is not.
        low, high = (None if high is None else not high), (None if low is None else not low)
    return Span(
        None if low is None else Bound(ends[0], is_open=low),
        None if high is None else Bound(ends[-1], is_open=high),
    )


def _as_it_is(operand: Any, levels: Levels) -> Any:
    return operand


def span_left(literals: Iterable[Literal], *, measure: str, is_count: bool, levels: Levels) -> Span:
    """What bounds of one measure leave together. What is a count is never below zero."""
    span = _FROM_ZERO if is_count else _whole(measure, levels=levels)
    for literal in literals:
        span = span.meet(span_of(literal, levels=levels))
    return span


def _whole(measure: str, *, levels: Levels) -> Span:
    if measure == "level":
        return Span(Bound(0, is_open=False), Bound(len(levels.names) - 1, is_open=False))
    return _FROM_ZERO if measure in ("size", "duration") else Span()


_READ: Mapping[str, Callable[[Any, Levels], Any]] = {
    "moment": lambda operand, levels: moment_of(operand),
    "level": lambda operand, levels: levels.rank(str(operand)),
}
