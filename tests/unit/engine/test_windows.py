"""A time window means what the wall clock of its zone shows, on the days when that clock is changed too (POL-23)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from decisions.engine.times import zone_names, zone_of
from decisions.engine.windows import DAYS, MINUTES, Window, parse_clock

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))


def window(first: str, last: str, *, zone: str = "Europe/Berlin", days: frozenset[int] = EVERY_DAY) -> Window:
    begins, ends = parse_clock(first), parse_clock(last)
    assert begins is not None
    assert ends is not None
    return Window(days=days, first=begins, last=ends, zone=zone)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def minutes_inside(about: Window, *, day: str) -> int:
    """How many minutes of the UTC day lie inside."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return sum(about.holds(start + timedelta(minutes=minute)) for minute in range(MINUTES))


@pytest.mark.case("POL-23")
@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        # Winter: UTC+1.
        ("2026-01-12T07:59:59Z", False), ("2026-01-12T08:00:00Z", True), ("2026-01-12T15:59:59Z", True),
        ("2026-01-12T16:00:00Z", False),
        # Summer: UTC+2.
        ("2026-07-13T06:59:59Z", False), ("2026-07-13T07:00:00Z", True), ("2026-07-13T14:59:59.999999Z", True),
        ("2026-07-13T15:00:00Z", False),
        # Sunday in Berlin, though still Saturday in UTC; and the other way round.
        ("2026-01-11T10:00:00Z", False), ("2026-01-16T10:00:00Z", True),
    ],
)  # fmt: skip
def test_office_hours_follow_the_clock_on_the_wall(moment: str, inside: bool) -> None:
    assert window("09:00", "17:00", days=WEEKDAYS).holds(at(moment)) is inside


@pytest.mark.case("POL-23")
@pytest.mark.parametrize(
    ("zone", "day", "first", "last", "minutes"),
    [
        # Spring forward: 02:00 to 03:00 does not occur.
        ("Europe/Berlin", "2026-03-29", "02:00", "03:00", 0),
        ("America/New_York", "2026-03-08", "02:00", "03:00", 0),
        ("America/New_York", "2026-03-08", "01:30", "03:30", 60),
        # Fall back: 02:00 to 03:00 (New York: 01:00 to 02:00) occurs twice, and both are inside.
        ("Europe/Berlin", "2026-10-25", "02:00", "03:00", 120),
        ("America/New_York", "2026-11-01", "01:00", "02:00", 120),
        # Half an hour on Lord Howe Island; a zone of 45 minutes; no change at all.
        ("Australia/Lord_Howe", "2026-04-04", "01:30", "02:00", 60),
        ("Australia/Lord_Howe", "2026-10-03", "02:00", "02:30", 0),
        ("Asia/Kathmandu", "2026-06-01", "00:00", "24:00", MINUTES),
        ("UTC", "2026-03-29", "02:00", "03:00", 60),
        # Samoa left a whole day out.
        ("Pacific/Apia", "2011-12-30", "00:00", "24:00", MINUTES),
    ],
)
def test_hours_that_a_clock_change_repeats_or_leaves_out(
    zone: str, day: str, first: str, last: str, minutes: int
) -> None:
    assert minutes_inside(window(first, last, zone=zone), day=day) == minutes


@pytest.mark.case("POL-23")
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    friday_night = window("22:00", "06:00", zone="UTC", days=frozenset({DAYS.index("fri")}))
    inside = [friday_night.holds(at(moment)) for moment in (
        "2026-11-20T21:59:59Z", "2026-11-20T22:00:00Z", "2026-11-21T05:59:59Z", "2026-11-21T06:00:00Z",
        "2026-11-21T23:00:00Z",
        "2026-11-20T05:00:00Z",
    )]  # fmt: skip
    assert inside == [False, True, True, False, False, False]
    monday_night = window("23:00", "01:00", zone="UTC", days=frozenset({DAYS.index("sun")}))
    assert monday_night.holds(at("2026-11-23T00:30:00Z"))


@pytest.mark.case("POL-23")
def test_a_day_that_did_not_occur_holds_no_window() -> None:
    # 30 December 2011 was no day in Samoa: Thursday was followed by Saturday.
    friday = window("00:00", "24:00", zone="Pacific/Apia", days=frozenset({DAYS.index("fri")}))
    assert minutes_inside(friday, day="2011-12-30") == 0
    assert minutes_inside(window("00:00", "24:00", zone="UTC", days=friday.days), day="2011-12-30") == MINUTES


def test_times_of_day_are_written_with_four_digits() -> None:
    assert [parse_clock(text) for text in ("00:00", "09:30", "23:59", "24:00")] == [0, 570, 1439, 1440]
    assert [parse_clock(text) for text in ("9:00", "24:01", "09:60", "0900", "09:00:00", "09:00 ", "")] == [None] * 7


def test_zones_come_from_the_package_and_not_from_the_machine() -> None:
    assert {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"} <= zone_names()
    assert not {"localtime", "../etc/passwd", "posixrules", ""} & zone_names()
    assert all(zone_of(name).key == name for name in zone_names())
