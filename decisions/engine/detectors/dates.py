"""Dates of birth inside national numbers."""

from __future__ import annotations

from datetime import date


def is_date(year: int, month: int, day: int) -> bool:
    """Whether there is such a day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def is_birthday(digits: str, *, order: str = "ymd") -> bool:
    """Whether six digits can be a day of some century, in the order of `order`."""
    parts = {name: int(digits[2 * place : 2 * place + 2]) for place, name in enumerate(order)}
    # 2000 was a leap year and 1900 was none, so what is a day of either is a day of the later one.
    return is_date(2000 + parts["y"], parts["m"], parts["d"])
