"""Actions that wait for context: resumed by who may supply it, denied by the clock, and by what they depend on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from approvals.lifecycle.quorum import Verdict
from decisions.models import Deferral
from decisions.services.deferrals import expire_due
from receipts.access import Caller
from receipts.models import Receipt
from tests.api.doors import Door, problem_of, row_counts
from tests.api.test_decide import asked
from tests.factories import Cast, begin_session, vote

MoveClock = Callable[[float], None]
WINDOW = "maintenance_window"
TIMEOUT_SECONDS = 300


@pytest.fixture
def deferred(agent: Door, session: str) -> dict[str, Any]:
    """A rotation that waits to be told whether the maintenance window is open."""
    answer: dict[str, Any] = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    assert (answer["decision"], answer["effective"]) == ("DEFER", "PENDING")
    assert answer["deferral"]["context_needed"] == [WINDOW]
    return answer


def supply(door: Door, deferred: dict[str, Any], value: object, *, field: str = WINDOW) -> Any:
    body = {"field": field, "value": value, "source": "calendar"}
    return door.post(f"/api/v1/deferrals/{deferred['deferral']['id']}/evidence", body)


def endings(deferred: dict[str, Any]) -> list[str]:
    rows = Receipt.objects.filter(decision_id=deferred["decision_id"], type="deferral_terminal")
    return [row.outcome for row in rows.order_by("position")]


def test_what_the_host_attests_resolves_the_wait(agent: Door, host: Door, deferred: dict[str, Any]) -> None:
    answer = supply(host, deferred, "open").json()
    assert (answer["effective"], answer["parameters"]) == ("ALLOW", {"name": "ci"})
    assert agent.read(deferred) == answer
    assert endings(deferred) == ["ALLOWED"]
    claimed = agent.claim(answer)
    assert claimed.json()["parameters"] == {"name": "ci"}
    problem_of(agent.claim(answer), status=409, code="already_consumed")


def test_what_the_host_attests_may_as_well_deny(agent: Door, host: Door, deferred: dict[str, Any]) -> None:
    answer = supply(host, deferred, "closed").json()
    assert (answer["effective"], endings(deferred)) == ("DENY", ["DENIED"])
    # The question has been answered: what is said later is context for later actions and changes nothing here.
    assert supply(host, deferred, "open").json()["effective"] == "DENY"
    problem_of(agent.claim(answer), status=409, code="not_approved")


def test_an_agents_own_word_resolves_nothing(agent: Door, host: Door, session: str, deferred: dict[str, Any]) -> None:
    assert supply(agent, deferred, "open").json()["effective"] == "PENDING"
    again = agent.decide(session, "credentials.rotate", parameters={}, facts={WINDOW: "open"})
    assert again.json()["effective"] == "PENDING"
    assert agent.get(f"/api/v1/sessions/{session}").json()["facts"] == {WINDOW: "asserted"}
    assert supply(host, deferred, "open").json()["effective"] == "ALLOW"
    # Nor does it displace what was attested.
    assert supply(agent, deferred, "closed").status_code == 200
    assert agent.get(f"/api/v1/sessions/{session}").json()["facts"] == {WINDOW: "attested"}
    later = agent.decide(session, "credentials.rotate", parameters={}, facts={WINDOW: "closed"})
    assert later.json()["effective"] == "ALLOW"


def test_what_does_not_answer_the_question_leaves_it_open(host: Door, deferred: dict[str, Any]) -> None:
    assert supply(host, deferred, "open", field="weather").json()["effective"] == "PENDING"
    unheard = supply(host, deferred, "perhaps").json()
    assert unheard["effective"] != "ALLOW"


@pytest.mark.case("APR-28", "FLT-17")
@pytest.mark.parametrize("is_swept", [True, False])
def test_a_wait_ends_in_deny_by_the_databases_clock(
    agent: Door, host: Door, deferred: dict[str, Any], is_swept: bool, move_clock: MoveClock
) -> None:
    move_clock(TIMEOUT_SECONDS - 30)
    assert agent.read(deferred)["effective"] == "PENDING"
    move_clock(31)
    if is_swept:
        assert expire_due() == 1
        assert endings(deferred) == ["EXPIRED"]
        assert expire_due() == 0
    now = agent.read(deferred)
    assert (now["effective"], now["deferral"]["state"]) == ("DENY", "EXPIRED")
    # Evidence that comes too late finds the wait over, sweeper or not.
    assert supply(host, deferred, "open").json()["effective"] == "DENY"
    assert endings(deferred) == ["EXPIRED"]
    problem_of(agent.claim(now), status=410, code="expired")


@pytest.mark.case("APR-44")
def test_what_evidence_allowed_is_claimed_in_time_or_not_at_all(
    agent: Door, host: Door, deferred: dict[str, Any], move_clock: MoveClock
) -> None:
    answer = supply(host, deferred, "open").json()
    move_clock(1800 + 1)
    problem_of(agent.claim(answer), status=410, code="expired")


@pytest.mark.case("APR-06")
def test_another_agent_or_host_supplies_nothing(
    agent: Door, deferred: dict[str, Any], stranger: tuple[Door, Caller]
) -> None:
    before = row_counts()
    problem_of(supply(stranger[0], deferred, "open"), status=404, code="not_found")
    assert row_counts() == before
    assert agent.read(deferred)["effective"] == "PENDING"


@pytest.mark.parametrize("who", ["agent", "host"])
def test_a_wait_that_is_withdrawn_is_over(agent: Door, host: Door, deferred: dict[str, Any], who: str) -> None:
    door = {"agent": agent, "host": host}[who]
    answer = door.post(f"/api/v1/decisions/{deferred['decision_id']}/cancel").json()
    assert (answer["effective"], answer["deferral"]["state"], endings(deferred)) == ("DENY", "CANCELLED", ["CANCELLED"])
    assert supply(host, deferred, "open").json()["effective"] == "DENY"


def depending(agent: Door, session: str, *on: str) -> dict[str, Any]:
    """A mail within the company, which would be allowed at once if it depended on nothing."""
    found: dict[str, Any] = agent.decide(
        session, parameters={"to": "bob@corp.example", "subject": "Done"}, depends_on=list(on)
    ).json()
    return found


def test_an_action_waits_for_what_it_depends_on_and_goes_on_with_it(cast: Cast, agent: Door, session: str) -> None:
    first = asked(agent.decide(session))
    second = depending(agent, session, first.answer["action_id"])
    third = depending(agent, session, second["action_id"])
    for answer in (second, third):
        assert (answer["decision"], answer["reason_code"]) == ("DEFER", "dependency_pending")
    vote(first, cast.bob)
    expire_due()
    assert [agent.read(answer)["effective"] for answer in (second, third)] == ["ALLOW", "ALLOW"]
    assert agent.claim(agent.read(third)).json()["parameters"]["subject"] == "Done"
    assert endings(second) == ["ALLOWED"]


@pytest.mark.parametrize("end", ["denied", "expired", "cancelled"])
def test_an_action_falls_with_what_it_depends_on(
    cast: Cast, agent: Door, session: str, end: str, move_clock: MoveClock
) -> None:
    first = asked(agent.decide(session, "calendar.create", parameters={"title": "Review"}))
    second = depending(agent, session, first.answer["action_id"])
    third = depending(agent, session, second["action_id"])
    if end == "denied":
        vote(first, cast.bob, verdict=Verdict.DENY)
    elif end == "expired":
        move_clock(6)
    else:
        agent.post(f"/api/v1/decisions/{first.answer['decision_id']}/cancel")
    expire_due()
    assert [agent.read(answer)["effective"] for answer in (second, third)] == ["DENY", "DENY"]
    assert endings(second) == endings(third) == ["DENIED"]
    problem_of(agent.claim(agent.read(second)), status=409, code="not_approved")


def test_what_depends_on_a_settled_action_does_not_wait(agent: Door, session: str) -> None:
    allowed = depending(agent, session)
    assert depending(agent, session, allowed["action_id"])["effective"] == "ALLOW"
    denied = agent.decide(session, "database.drop", parameters={}).json()
    fallen = depending(agent, session, allowed["action_id"], denied["action_id"])
    assert (fallen["decision"], fallen["reason_code"]) == ("DENY", "dependency_denied")


def test_an_action_depends_only_on_earlier_ones_of_its_session(
    cast: Cast, agent: Door, session: str, stranger: tuple[Door, Caller]
) -> None:
    elsewhere = depending(agent, begin_session(cast))
    before = row_counts()
    for name in ("act_nothing", elsewhere["action_id"]):
        reply = agent.decide(session, depends_on=[name])
        assert problem_of(reply, status=400, code="unknown_dependency")["param"] == "depends_on"
    itself = agent.decide(session, action_id="act_self", depends_on=["act_self"])
    problem_of(itself, status=400, code="unknown_dependency")
    assert row_counts() == before


def test_facts_of_a_session_are_bounded(host: Door, deferred: dict[str, Any]) -> None:
    for number in range(64):
        assert supply(host, deferred, 1, field=f"fact_{number}").status_code == 200
    before = row_counts()
    problem_of(supply(host, deferred, 1, field="one_more"), status=409, code="too_many_facts")
    assert row_counts() == before
    assert Deferral.objects.get(pk=deferred["deferral"]["id"]).state == "PENDING"
