"""What the rates and budgets of rules have counted: sliding windows, kept in sixtieths of their length.

An amount goes on counting until the sixtieth in which it was counted has left the window whole. So what is counted is
never less than what any window of this length holds, and at most a sixtieth of its length too much. Everything here is
exact: times are whole microseconds, amounts decimal numbers as they were written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from math import inf, nextafter
from typing import Final, cast

from receipts.signing.canonical import JSON, MAX_INTEGER

SLOTS = 60

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS = 1_000_000
# Enough digits for the sum of any two numbers that JSON can write, so that none is ever rounded away.
_EXACTLY: Final = Context(prec=800)


class Per(StrEnum):
    """Whose actions a rule counts together; `human` is the agent where there is no human."""

    SESSION = "session"
    AGENT = "agent"
    HUMAN = "human"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Window:
    """A window's state. `slots` are the amounts by the number of their sixtieth since 1970, `seconds` its length."""

    seconds: int
    slots: Mapping[int, Decimal]

    def as_json(self) -> JSON:
        """`{"seconds": 3600, "slots": {"29421840": "2.5"}}`; amounts are texts, so that no digit is lost."""
        slots: dict[str, JSON] = {str(slot): str(amount) for slot, amount in sorted(self.slots.items())}
        return {"seconds": self.seconds, "slots": slots}


EMPTY: Final = Window(seconds=1, slots={})


def window_of(state: JSON) -> Window:
    """The window that `as_json` wrote; an empty one for None.

    Raises KeyError, ValueError or ArithmeticError for anything else.
    """
    if state is None:
        return EMPTY
    if not isinstance(state, dict):
        raise ValueError("the state of a window is an object")
    slots = cast(Mapping[str, str], state["slots"])
    return Window(
        seconds=int(cast(int, state["seconds"])),
        slots={int(slot): Decimal(amount) for slot, amount in slots.items()},
    )


def counted(state: Window, *, at: datetime, window: int) -> int | float:
    """What counts at `at` (aware) in a window of `window` seconds, as `Context.counted` holds it.

    Never less than the exact sum. What is more than any limit allows comes out as the largest number that every reader
    of JSON keeps: one huge amount must not leave a question behind that nobody can write down.
    """
    oldest = _slot(at, seconds=window) - SLOTS
    total = Decimal(0)
    for slot, amount in _slots(state, seconds=window).items():
        total = plus(total, amount) if slot >= oldest else total
    if total >= MAX_INTEGER:
        return MAX_INTEGER
    return int(total) if total == total.to_integral_value(context=_EXACTLY) else _at_least(total)


def with_counted(state: Window, *, at: datetime, window: int, amount: int | float) -> Window:
    """The state after `amount` was counted at `at`; what has left the window is dropped."""
    now = _slot(at, seconds=window)
    slots = {slot: kept for slot, kept in _slots(state, seconds=window).items() if slot >= now - SLOTS}
    slots[now] = plus(slots.get(now, Decimal(0)), exact(amount))
    return Window(seconds=window, slots=slots)


def exact(number: int | float) -> Decimal:
    """A number as the decimal that it is written as: 0.1 is a tenth."""
    return Decimal(repr(number))


def plus(one: Decimal, other: Decimal) -> Decimal:
    """The exact sum of two amounts."""
    return _EXACTLY.add(one, other)


def _at_least(total: Decimal) -> float:
    nearest = float(total)
    return nearest if exact(nearest) >= total else nextafter(nearest, inf)


def _slot(at: datetime, *, seconds: int) -> int:
    return (at - _EPOCH) // _MICROSECOND * SLOTS // (seconds * _MICROSECONDS)


def _slots(state: Window, *, seconds: int) -> Mapping[int, Decimal]:
    """The state's amounts by sixtieths of a window of `seconds`.

    Where a policy has changed the length, an amount moves to the sixtieth that holds the end of its old one: it may
    count for longer than it would have, and never for less.
    """
    if state.seconds == seconds:
        return state.slots
    moved: dict[int, Decimal] = {}
    for slot, amount in state.slots.items():
        # The old sixtieth ends where the next begins; counted in sixtieths of a second, both lengths are whole.
        end = (slot + 1) * state.seconds
        there = (end - 1) // seconds
        moved[there] = plus(moved.get(there, Decimal(0)), amount)
    return moved
