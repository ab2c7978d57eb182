"""The kill switch over HTTP, and as the agent meets it."""

from __future__ import annotations

import pytest

from decisions.models import Agent
from tests.api.doors import Door, door_of, problem_of
from tests.factories import Cast

WHY = {"reason": "It mails strangers."}


@pytest.fixture
def trent(cast: Cast) -> Door:
    return door_of(cast.trent)


@pytest.mark.case("APR-31")
def test_everything_stops_once_confirmed_and_goes_on(cast: Cast, agent: Door, session: str, trent: Door) -> None:
    body = {"scope": "everything", **WHY}
    problem_of(trent.post("/api/v1/pauses", body), status=409, code="confirmation_required")
    assert agent.decide(session).json()["decision"] == "STEP_UP"
    made = trent.post("/api/v1/pauses", body | {"confirm": "everything"})
    assert (made.status_code, made.json()["paused_by"]) == (201, cast.trent.person_id)
    denied = agent.decide(session)
    assert (denied.status_code, denied.json()["effective"], denied.json()["reason_code"]) == (200, "DENY", "paused")
    assert WHY["reason"] not in denied.content.decode()
    listed = trent.get("/api/v1/pauses").json()["results"]
    assert [(each["pause_id"], each["resumed_at"]) for each in listed] == [(made.json()["pause_id"], None)]
    ended = trent.post(f"/api/v1/pauses/{made.json()['pause_id']}/resume", {}).json()
    assert (ended["resumed_by"], ended["resumed_at"] is None) == (cast.trent.person_id, False)
    assert agent.decide(session).json()["decision"] == "STEP_UP"


def test_a_session_stops_and_goes_on_by_itself(agent: Door, session: str, trent: Door) -> None:
    made = trent.post(f"/api/v1/sessions/{session}/pause", WHY).json()
    assert (made["scope"], made["session"]) == ("session", session)
    assert agent.decide(session).json()["reason_code"] == "paused"
    assert trent.post(f"/api/v1/sessions/{session}/resume", {}).status_code == 200
    assert agent.decide(session).json()["decision"] == "STEP_UP"
    problem_of(trent.post("/api/v1/sessions/ses_nobody/pause", WHY), status=404, code="not_found")


@pytest.mark.parametrize("by", ["name", "pk"])
def test_an_agent_is_named_or_identified(cast: Cast, trent: Door, by: str) -> None:
    named = getattr(Agent.objects.get(pk=cast.agent.id), by)
    made = trent.post("/api/v1/pauses", {"scope": "agent", "name": named, **WHY})
    assert made.json()["agent"] == cast.agent.id


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}])
def test_a_pause_says_why(trent: Door, body: dict[str, str]) -> None:
    made = trent.post("/api/v1/pauses", {"scope": "agent", "name": "demo-agent", **body})
    problem_of(made, status=400, code="invalid_body")
