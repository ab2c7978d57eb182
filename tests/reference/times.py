"""Windows of the wall clock (page: Time)."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@cache
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def minutes_of(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def window_holds(window: dict[str, Any], at: str) -> bool:
    """A window over midnight belongs to the day on which it began."""
    local = datetime.fromisoformat(at).astimezone(zone_of(window["zone"]))
    days = window.get("days", DAYS)
    begin, end = minutes_of(window.get("from", "00:00")), minutes_of(window.get("to", "24:00"))
    now = local.hour * 60 + local.minute
    is_today, was_yesterday = DAYS[local.weekday()] in days, DAYS[local.weekday() - 1] in days
    if begin < end:
        return is_today and begin <= now < end
    return (is_today and now >= begin) or (was_yesterday and now < end)
