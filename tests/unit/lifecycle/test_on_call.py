"""Who is on call, across weeks, changes of the clock and covers; who stands in for whom; what names mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.lifecycle.delegation import Delegation, check_delegation, stand_in
from approvals.lifecycle.errors import DelegationError, RouteError, ScheduleError
from approvals.lifecycle.parties import Party, PartyKind, read_party
from approvals.lifecycle.schedule import Cover, Schedule, next_change, on_call

BERLIN = Schedule(
    people=("bob", "carol", "dave"),
    starts_on=date(2026, 3, 2),
    handover=time(9),
    turn_days=7,
    zone=ZoneInfo("Europe/Berlin"),
)
PEOPLE = "abcd"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.case("FLT-25")
@pytest.mark.parametrize(
    ("instant", "person"),
    [
        ("2026-03-02 07:59:59", None), ("2026-03-02 08:00", "bob"), ("2026-03-09 07:59:59", "bob"),
        ("2026-03-09 08:00", "carol"), ("2026-03-16 08:00", "dave"), ("2026-03-23 08:00", "bob"),
        # On 29 March the clock goes forward: nine o'clock in Berlin is an hour earlier from then on.
        ("2026-03-30 06:59:59", "bob"), ("2026-03-30 07:00", "carol"),
        # On 25 October it goes back.
        ("2026-10-26 07:59:59", "bob"), ("2026-10-26 08:00", "carol"),
    ],
)  # fmt: skip
def test_turns_change_by_the_wall_clock_of_the_zone(instant: str, person: str | None) -> None:
    assert on_call(BERLIN, at=at(instant)) == person


@pytest.mark.case("FLT-25")
def test_a_zone_that_is_off_by_half_an_hour_hands_over_there() -> None:
    kolkata = replace(BERLIN, zone=ZoneInfo("Asia/Kolkata"), turn_days=1)
    assert [on_call(kolkata, at=at(f"2026-03-03 03:{minute}")) for minute in (29, 30)] == ["bob", "carol"]
    assert next_change(kolkata, after=at("2026-03-03 03:29")) == at("2026-03-03 03:30")


def test_a_cover_comes_before_whoever_has_the_turn_and_the_newest_before_others() -> None:
    covers = (
        Cover("erin", at("2026-03-03 00:00"), at("2026-03-04 00:00")),
        Cover("frank", at("2026-03-03 12:00"), at("2026-03-03 13:00")),
        Cover("adam", at("2026-03-03 12:00"), at("2026-03-03 12:30")),
    )
    covered = replace(BERLIN, covers=covers)
    hours = ("02 23:59", "03 00:00", "03 12:00", "03 12:30", "03 13:00", "04 00:00")
    found = [on_call(covered, at=at(f"2026-03-{hour}")) for hour in hours]
    assert found == ["bob", "erin", "adam", "frank", "erin", "bob"]
    assert next_change(covered, after=at("2026-03-03 12:00")) == at("2026-03-03 12:30")
    alone = replace(covered, people=())
    assert on_call(alone, at=at("2026-03-05 00:00")) is None
    assert next_change(alone, after=at("2026-03-04 00:00")) is None


@given(days=st.integers(0, 2000), seconds=st.integers(0, 86399), turn=st.integers(1, 40))
def test_nobody_else_comes_on_call_before_the_next_change(days: int, seconds: int, turn: int) -> None:
    schedule = replace(BERLIN, turn_days=turn)
    now = at("2026-03-02 08:00") + timedelta(days=days, seconds=seconds)
    change = next_change(schedule, after=now)
    assert change is not None
    assert now < change <= now + timedelta(days=turn, hours=1)
    assert on_call(schedule, at=change - timedelta(microseconds=1)) == on_call(schedule, at=now)
    assert on_call(schedule, at=change) != on_call(schedule, at=now)


@pytest.mark.parametrize("change", [{"turn_days": 0}, {"turn_days": 366}, {"people": ("bob", "bob")}])
def test_a_schedule_that_could_not_be_followed_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ScheduleError):
        replace(BERLIN, **change)  # type: ignore[arg-type]
    with pytest.raises(ScheduleError):
        Cover("erin", at("2026-03-03 00:00"), at("2026-03-03 00:00"))


NOON = at("2026-03-02 12:00")


def away(person: str, deputy: str, *, hours: tuple[float, float] = (-1, 1), request: str = "") -> Delegation:
    start, end = (NOON + timedelta(hours=hour) for hour in hours)
    return Delegation(person, deputy, starts_at=start, ends_at=end, request=request)


@pytest.mark.case("APR-36")
@pytest.mark.parametrize(
    ("delegations", "found"),
    [
        ([], "a"),
        ([away("a", "b")], "b"),
        ([away("a", "b", hours=(-2, 0))], "a"), ([away("a", "b", hours=(0, 1))], "b"),
        ([away("a", "b", hours=(0.1, 1))], "a"),
        ([away("a", "b"), away("b", "c")], "c"),
        ([away("a", "b"), away("b", "c"), away("c", "d")], None),
        ([away("a", "b"), away("b", "a")], None),
        ([away("a", "b"), away("b", "c"), away("c", "b")], None),
        ([away("a", "b"), away("a", "c", hours=(-0.5, 1))], "c"), ([away("a", "c"), away("a", "b")], "b"),
        ([away("a", "b", request="apr_1")], "b"), ([away("a", "b", request="apr_2")], "a"),
    ],
)  # fmt: skip
def test_a_place_is_taken_by_a_deputy_who_is_there_and_by_nobody_in_a_circle(
    delegations: list[Delegation], found: str | None
) -> None:
    assert stand_in("a", delegations=delegations, at=NOON, request="apr_1") == found


@pytest.mark.case("APR-36")
def test_delegations_that_could_never_hold_together_are_refused_when_they_are_made() -> None:
    with pytest.raises(DelegationError):
        away("a", "a")
    with pytest.raises(DelegationError):
        away("a", "b", hours=(1, 1))
    check_delegation(away("a", "b"), others=[away("b", "c")])
    check_delegation(away("a", "b"), others=[away("b", "a", hours=(1, 2))])
    for others in (
        [away("b", "a")],
        [away("b", "a", hours=(0.5, 2))],
        [away("b", "c"), away("c", "d")],
        [away("d", "a"), away("b", "c")],
    ):
        with pytest.raises(DelegationError):
            check_delegation(away("a", "b"), others=others)


@given(st.lists(st.builds(away, st.sampled_from("ab"), st.sampled_from("cd")), max_size=4))
def test_somebody_always_votes_where_no_deputy_is_away_too(delegations: list[Delegation]) -> None:
    for person in PEOPLE:
        found = stand_in(person, delegations=delegations, at=NOON, request="apr_1")
        assert found is not None
        assert stand_in(found, delegations=delegations, at=NOON, request="apr_1") == found


def test_names_in_routes_mean_what_they_say_or_are_refused() -> None:
    assert read_party("security-team") == Party(PartyKind.GROUP, "security-team")
    assert read_party("user:bob@corp.example") == Party(PartyKind.USER, "bob@corp.example")
    assert read_party("schedule:on-call") == Party(PartyKind.SCHEDULE, "on-call")
    assert read_party("human:data-owner") == Party(PartyKind.HUMAN, "data-owner")
    for text in ("group:team", "user:", "human:cat", "robot:r2", ":"):
        with pytest.raises(RouteError):
            read_party(text)
