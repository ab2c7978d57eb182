"""Who would be asked when, and where a route leads to nobody: from plain values, at any instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.lifecycle.dead_ends import DeadEnd, Fault, dead_ends, opened_by
from approvals.lifecycle.delegation import Delegation
from approvals.lifecycle.directory import Directory
from approvals.lifecycle.ladder import RungKind, ladder
from approvals.lifecycle.quorum import Stage
from approvals.lifecycle.route import Route, Step
from approvals.lifecycle.schedule import Cover, Schedule

SATURDAY = datetime(2026, 3, 7, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# 1 and 2 are the team, 3 is the manager, 4 and 5 take daily turns at midnight: on this Saturday it is 5's.
NIGHTS = Schedule(people=("4", "5"), starts_on=date(2026, 3, 2), handover=time(0), turn_days=1, zone=ZoneInfo("UTC"))
THERE = Directory(
    members={"team": frozenset("12"), "user:boss": frozenset("3")},
    schedules={"schedule:nights": NIGHTS},
    able=frozenset("12345"),
)
ASKS = Route(
    (Stage("schedule:nights", 1),),
    timeout_seconds=3600,
    escalation=(Step(1800, ("user:boss", "schedule:nights")),),
)


def away(person: str, deputy: str, *, since: datetime = SATURDAY - DAY, until: datetime = SATURDAY + DAY) -> Delegation:
    return Delegation(person, deputy, starts_at=since, ends_at=until)


def rungs(route: Route, directory: Directory, *, at: datetime = SATURDAY) -> list[tuple[str, str, str]]:
    return [
        (f"{rung.at:%a %H:%M}", rung.kind.value, " ".join(f"{each.account}/{each.holder}" for each in rung.asked))
        for rung in ladder(route, directory=directory, opened_at=at)
    ]


def ends(*stages: Stage, directory: Directory = THERE, days: int = 3) -> list[tuple[str, str, str, str]]:
    found = dead_ends(stages, directory=directory, since=SATURDAY, until=SATURDAY + days * DAY)
    return [(each.fault.value, each.name, f"{each.starts_at:%a %H}", f"{each.ends_at:%a %H}") for each in found]


def test_if_it_fires_saturday_at_three_who_is_on_call_is_asked_then_the_manager_then_it_is_denied() -> None:
    assert rungs(ASKS, THERE) == [
        ("Sat 03:00", "opened", "5/5"), ("Sat 03:30", "escalated", "3/3"), ("Sat 04:00", "denied", ""),
    ]  # fmt: skip


def test_whoever_comes_on_call_meanwhile_is_asked_and_nobody_twice() -> None:
    long = replace(ASKS, timeout_seconds=4 * 24 * 3600)
    assert rungs(long, THERE) == [
        ("Sat 03:00", "opened", "5/5"), ("Sat 03:30", "escalated", "3/3"), ("Sun 00:00", "joined", "4/4"),
        ("Wed 03:00", "denied", ""),
    ]  # fmt: skip


def test_an_escalation_to_those_who_were_asked_already_is_shown_as_asking_nobody_new() -> None:
    again = replace(ASKS, escalation=(Step(60, ("schedule:nights",)),))
    assert rungs(again, THERE)[1] == ("Sat 03:01", "escalated", "")


def test_a_rung_names_what_nobody_stands_behind_just_then() -> None:
    covered = replace(NIGHTS, people=(), covers=(Cover("4", SATURDAY - HOUR, SATURDAY + HOUR / 4),))
    route = replace(ASKS, escalation=(Step(1800, ("schedule:nights", "team")),))
    found = ladder(route, directory=replace(THERE, schedules={"schedule:nights": covered}), opened_at=SATURDAY)
    assert [rung.empty for rung in found] == [(), ("schedule:nights",), ()]
    late = ladder(route, directory=replace(THERE, schedules={"schedule:nights": covered}), opened_at=SATURDAY + HOUR)
    assert late[0].empty == ("schedule:nights",)


def test_a_deputy_is_asked_in_the_place_of_whoever_is_away_when_it_begins_and_the_person_when_it_ends() -> None:
    soon = replace(THERE, delegations=(away("5", "1", since=SATURDAY + HOUR / 2, until=SATURDAY + HOUR / 1.5),))
    assert rungs(replace(ASKS, escalation=()), soon) == [
        ("Sat 03:00", "opened", "5/5"), ("Sat 03:30", "joined", "1/5"), ("Sat 04:00", "denied", ""),
    ]  # fmt: skip
    assert [each[2] for each in rungs(ASKS, replace(THERE, delegations=(away("5", "1"),)))] == ["1/5", "3/3", ""]


@pytest.mark.parametrize(
    ("directory", "places"),
    [
        (THERE, {"1": "1", "2": "2"}),
        (replace(THERE, own=frozenset("1")), {"2": "2"}),
        (replace(THERE, able=frozenset("2")), {"2": "2"}),
        (replace(THERE, delegations=(away("1", "3"),)), {"3": "1", "2": "2"}),
        # Who has a place takes no other; whose deputy asked or can't review has none; a circle leads to nobody.
        (replace(THERE, delegations=(away("1", "2"),)), {"2": "2"}),
        (replace(THERE, delegations=(away("1", "3"),), own=frozenset("3")), {"2": "2"}),
        (replace(THERE, delegations=(away("1", "9"),)), {"2": "2"}),
        (replace(THERE, delegations=(away("1", "2"), away("2", "1"))), {}),
    ],
)
def test_places_are_taken_by_the_people_or_their_deputies(directory: Directory, places: dict[str, str]) -> None:
    assert directory.places("team", at=SATURDAY) == places
    assert directory.places("nobody", at=SATURDAY) == {}


def test_a_stage_without_people_is_a_dead_end_and_one_with_too_few_of_them_too() -> None:
    assert ends(Stage("team", 2), Stage("schedule:nights", 1)) == []
    assert ends(Stage("nobody", 1)) == [("nobody", "nobody", "Sat 03", "Tue 03")]
    assert ends(Stage("team", 3)) == [("too_few", "team", "Sat 03", "Tue 03")]
    same = replace(THERE, persons={"1": "p", "2": "p"})
    assert ends(Stage("team", 2), directory=same) == [("too_few", "team", "Sat 03", "Tue 03")]


def test_stages_that_only_one_person_could_fill_are_a_dead_end_together() -> None:
    both = replace(THERE, members={"team": frozenset("1"), "other": frozenset("1")})
    assert ends(Stage("team", 1), Stage("other", 1), directory=both) == [("together", "", "Sat 03", "Tue 03")]


def test_a_gap_in_a_schedule_is_a_dead_end_for_as_long_as_it_lasts() -> None:
    covers = (Cover("4", SATURDAY, SATURDAY + DAY), Cover("4", SATURDAY + 2 * DAY, SATURDAY + 3 * DAY))
    gap = replace(THERE, schedules={"schedule:nights": replace(NIGHTS, people=(), covers=covers)})
    assert ends(Stage("schedule:nights", 1), directory=gap) == [("nobody", "schedule:nights", "Sun 03", "Mon 03")]
    late = replace(NIGHTS, people=("4",), starts_on=date(2026, 3, 8))
    not_yet = replace(THERE, schedules={"schedule:nights": late})
    assert ends(Stage("schedule:nights", 1), directory=not_yet) == [("nobody", "schedule:nights", "Sat 03", "Sun 00")]


def test_somebody_on_call_who_may_not_review_is_a_gap_too() -> None:
    without = replace(THERE, able=frozenset("1234"))
    assert [each[2:] for each in ends(Stage("schedule:nights", 1), directory=without)] == [
        ("Sat 03", "Sun 00"), ("Mon 00", "Tue 00"),
    ]  # fmt: skip


def test_an_absence_whose_deputy_votes_already_makes_two_people_one_while_it_lasts() -> None:
    one = replace(THERE, delegations=(away("1", "2", since=SATURDAY + HOUR, until=SATURDAY + 5 * HOUR),))
    assert ends(Stage("team", 2), directory=one) == [("too_few", "team", "Sat 04", "Sat 08")]


def closed(start: float, end: float, fault: Fault = Fault.NOBODY) -> DeadEnd:
    return DeadEnd(fault, "x", wanted=1, there=0, starts_at=SATURDAY + start * HOUR, ends_at=SATURDAY + end * HOUR)


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ([], [closed(0, 1)], [closed(0, 1)]),
        ([closed(0, 1)], [closed(0, 1)], []),
        ([closed(0, 2)], [closed(0, 1, Fault.TOO_FEW)], []),
        ([closed(0, 1), closed(1, 2)], [closed(0, 2)], []),
        ([closed(0, 1), closed(1.5, 2)], [closed(0, 2)], [closed(0, 2)]),
        ([closed(0, 1)], [closed(0, 1), closed(2, 3)], [closed(2, 3)]),
        ([closed(1, 2)], [], []),
    ],
)
def test_only_what_closes_a_way_that_was_open_is_new(
    before: list[DeadEnd], after: list[DeadEnd], new: list[DeadEnd]
) -> None:
    assert list(opened_by(before, after)) == new


@given(hour=st.integers(0, 24 * 30), count=st.integers(1, 3))
def test_the_last_rung_denies_and_every_one_lies_between_opening_and_end(hour: int, count: int) -> None:
    route = Route((Stage("schedule:nights", 1), Stage("team", count)), timeout_seconds=3 * 24 * 3600)
    opened = SATURDAY + hour * HOUR
    found = ladder(route, directory=THERE, opened_at=opened)
    assert [rung.at for rung in found] == sorted(rung.at for rung in found)
    assert found[0].at == opened
    assert (found[-1].at, found[-1].kind) == (route.expires_at(opened), RungKind.DENIED)
    asked = [each.account for rung in found for each in rung.asked]
    assert len(asked) == len(set(asked))
