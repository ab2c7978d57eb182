"""Who is on call at an instant: people take turns at a wall-clock time of a named zone, and somebody may step in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from approvals.lifecycle.errors import ScheduleError

LONGEST_TURN_DAYS = 365


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody is on call from `starts_at` until `ends_at` (aware; the end does not count), whoever's turn it is."""

    person: str
    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.starts_at >= self.ends_at:
            raise ScheduleError("A cover ends before it begins.", fix="Let it end after it begins.")

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at `at`."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Schedule:
    """`people` take turns of `turn_days` days each, in order, the first from `starts_on` at `handover` on.

    `handover` is a wall-clock time in `zone`, a name of the IANA database: a turn lasts 23 or 25 hours more or less
    where the clock changes. Before the first turn nobody is on call; with nobody in `people` only covers count. Raises
    `ScheduleError` for a turn of no days and a person who is named twice.
    """

    people: tuple[str, ...]
    starts_on: date
    handover: time
    turn_days: int
    zone: ZoneInfo
    covers: tuple[Cover, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.turn_days <= LONGEST_TURN_DAYS:
            raise ScheduleError(
                f"A turn of {self.turn_days} days is none.", fix=f"Let a turn last 1 to {LONGEST_TURN_DAYS} days."
            )
        if len(set(self.people)) < len(self.people):
            raise ScheduleError("Somebody is named twice.", fix="Name each person once; the turns go round.")


def on_call(schedule: Schedule, *, at: datetime) -> str | None:
    """Who is on call at `at` (aware). Of several covers the one that began last counts, then the first by name."""
    covers = [cover for cover in schedule.covers if cover.holds(at)]
    newest = sorted(covers, key=lambda cover: (-cover.starts_at.timestamp(), cover.person))
    return newest[0].person if newest else _in_turn(schedule, at=at)


def next_change(schedule: Schedule, *, after: datetime) -> datetime | None:
    """The next instant later than `after` at which somebody else may come on call (UTC); None if there is none."""
    bounds = {bound for cover in schedule.covers for bound in (cover.starts_at, cover.ends_at)}
    turn = _next_turn(schedule, after=after)
    later = {bound.astimezone(UTC) for bound in bounds if bound > after} | ({turn} if turn else set())
    return min(later, default=None)


def _in_turn(schedule: Schedule, *, at: datetime) -> str | None:
    days = _days_since_start(schedule, at=at)
    if days < 0 or not schedule.people:
        return None
    return schedule.people[days // schedule.turn_days % len(schedule.people)]


def _days_since_start(schedule: Schedule, *, at: datetime) -> int:
    """Whole days since the first handover, by the wall clock; negative before it."""
    local = at.astimezone(schedule.zone)
    days = (local.date() - schedule.starts_on).days
    return days if local.time() >= schedule.handover else days - 1


def _next_turn(schedule: Schedule, *, after: datetime) -> datetime | None:
    turns = max(_days_since_start(schedule, at=after) // schedule.turn_days + 1, 0)
    # Whoever is alone is handed it once.
    if not schedule.people or (len(schedule.people) == 1 and turns > 0):
        return None
    day = schedule.starts_on + timedelta(days=turns * schedule.turn_days)
    return datetime.combine(day, schedule.handover, tzinfo=schedule.zone).astimezone(UTC)
