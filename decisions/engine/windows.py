"""Time windows: days of the week and hours on the wall clock of a named zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from decisions.engine.times import zone_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES = 24 * 60
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


@dataclass(frozen=True, slots=True)
class Window:
    """`days` (0 is Monday) and the minutes of the day from `first` to before `last`; `last` may come before `first`.

    Such a window goes over midnight and belongs to the day on which it begins.
    """

    days: frozenset[int]
    first: int
    last: int
    zone: str

    def holds(self, moment: datetime) -> bool:
        """Whether the wall clock of the zone shows a time inside at `moment` (aware)."""
        local = moment.astimezone(zone_of(self.zone))
        day, minute = local.weekday(), local.hour * 60 + local.minute
        if self.first < self.last:
            return day in self.days and self.first <= minute < self.last
        began_yesterday = (day - 1) % 7 in self.days and minute < self.last
        return began_yesterday or (day in self.days and minute >= self.first)


def parse_clock(text: str) -> int | None:
    """The minute of the day, 0 to 1440, that `text` names; None where it isn't a time of day such as `09:00`."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    return int(found[1]) * 60 + int(found[2]) if found[1] else MINUTES
