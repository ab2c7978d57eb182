"""The frozen route: its bounds, its deadlines, and its stored form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from approvals.lifecycle.errors import LifecycleError, RouteError
from approvals.lifecycle.quorum import Stage
from approvals.lifecycle.route import LIMITS, Route, Step
from receipts.signing.canonical import digest

STAGES = (Stage("security-team", 1), Stage("data-owner", 2))
AT = datetime(2026, 1, 14, 13, 32, tzinfo=UTC)


def test_a_route_survives_being_stored() -> None:
    route = Route(STAGES, timeout_seconds=3600, hold_seconds=0, claim_seconds=600, editable=("/to",))
    stored = route.to_dict()
    assert stored == {
        "stages": [{"group": "security-team", "count": 1}, {"group": "data-owner", "count": 2}],
        "timeout_seconds": 3600,
        "hold_seconds": 0,
        "claim_seconds": 600,
        "denials": 1,
        "escalation": [],
        "editable": ["/to"],
    }
    assert Route.from_dict(stored) == route
    assert digest(stored).startswith("sha256:")


def test_the_deadlines_follow_each_other() -> None:
    route = Route(STAGES, timeout_seconds=60)
    assert (route.hold_seconds, route.claim_seconds) == (5, 1800)
    assert route.expires_at(AT) == AT + timedelta(seconds=60)
    assert route.release_at(AT) == AT + timedelta(seconds=5)
    assert route.claim_expires_at(route.release_at(AT)) == AT + timedelta(seconds=1805)


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", [-1, 10**12, 1.0, "60", None, True, float("nan")])
def test_an_impossible_time_is_refused(name: str, value: Any) -> None:
    least, most = LIMITS[name]
    usual: dict[str, Any] = {"timeout_seconds": 60, "hold_seconds": 5, "claim_seconds": 60}
    for fine in (least, most):
        assert getattr(Route(STAGES, **{**usual, name: fine}), name) == fine
    for wrong in (value, least - 1, most + 1):
        with pytest.raises(RouteError):
            Route(STAGES, **{**usual, name: wrong})


def test_a_route_that_asks_nobody_is_refused() -> None:
    with pytest.raises(RouteError):
        Route((), timeout_seconds=60)


@pytest.mark.parametrize(
    "change",
    [
        {"stages": "security-team"},
        {"stages": ["security-team"]},
        {"stages": [{"group": "security-team"}]},
        {"stages": [{"group": 7, "count": 1}]},
        {"stages": [{"group": "security-team", "count": "1"}]},
        {"stages": [{"group": "security-team", "count": True}]},
        {"stages": [{"group": "security-team", "count": 0}]},
        {"stages": []},
        {"timeout_seconds": "60"},
        {"timeout_action": "ALLOW"},
    ],
)
def test_a_stored_route_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    stored: dict[str, Any] = dict(Route(STAGES, timeout_seconds=60).to_dict())
    assert Route.from_dict(stored).stages == STAGES
    with pytest.raises(LifecycleError):
        Route.from_dict({**stored, **change})
    with pytest.raises(RouteError):
        Route.from_dict({name: value for name, value in stored.items() if name != "claim_seconds"})


def test_a_route_that_was_stored_before_denials_were_counted_needs_one() -> None:
    stored = {name: value for name, value in Route(STAGES, timeout_seconds=60).to_dict().items() if name != "denials"}
    assert Route.from_dict(stored).denials == 1


ESCALATING = Route(
    STAGES, timeout_seconds=3600, escalation=(Step(600, ("human:manager",)), Step(1200, ("on-call", "user:cfo")))
)


def test_who_is_asked_later_is_stored_and_comes_before_the_end() -> None:
    assert Route.from_dict(ESCALATING.to_dict()) == ESCALATING
    assert ESCALATING.step_at(2, opened_at=AT) == AT + timedelta(seconds=1200)
    assert ESCALATING.parties == (*(stage.group for stage in STAGES), "human:manager", "on-call", "user:cfo")
    assert ESCALATING.closes_at(AT) == AT + timedelta(seconds=7200)
    assert Route(STAGES, timeout_seconds=30 * 24 * 3600).closes_at(AT) == AT + timedelta(days=30)


@pytest.mark.parametrize("times", [(0,), (600, 600), (600, 500), (3600,), (4000,)])
def test_steps_in_no_order_are_refused(times: tuple[int, ...]) -> None:
    with pytest.raises(RouteError, match="order"):
        Route(STAGES, timeout_seconds=3600, escalation=tuple(Step(after, ("on-call",)) for after in times))


@pytest.mark.parametrize(
    "steps",
    [
        "soon", [7], [{"after_seconds": 60}], [{"after_seconds": 60, "parties": []}],
        [{"after_seconds": 60, "parties": "g"}], [{"after_seconds": 60, "parties": [7]}],
        [{"after_seconds": True, "parties": ["g"]}], [{"after_seconds": 60, "parties": ["robot:r2"]}],
    ],
)  # fmt: skip
def test_a_stored_escalation_of_another_shape_is_refused(steps: Any) -> None:
    with pytest.raises(RouteError):
        Route.from_dict({**ESCALATING.to_dict(), "escalation": steps})


def test_whoever_an_escalation_asked_may_fill_any_seat_and_others_only_their_own() -> None:
    names = frozenset(stage.group for stage in STAGES)
    first = STAGES[0].group
    assert ESCALATING.seats_of([first]) == {first}
    assert ESCALATING.seats_of(["on-call"]) == names
    assert ESCALATING.seats_of([first, "user:cfo"]) == names
    assert ESCALATING.seats_of(["cafeteria"]) == frozenset()
