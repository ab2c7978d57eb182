"""What was seen to have run is recorded and evaluated, and no answer about it can be taken for permission."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.models import ApprovalRequest
from decisions.models import Claim, ContextEntry, Decision, Deferral, Session
from receipts.access import Caller
from receipts.signing.canonical import load_strict
from tests.api.doors import Door, problem_of, row_counts
from tests.factories import REQUEST
from tests.unit.intake.payloads import otlp_span, sdk_span

OBSERVATIONS = "/api/v1/observations"


def seen(door: Door, session: str, span: dict[str, Any], **more: Any) -> Any:
    return door.post(OBSERVATIONS, {"session_id": session, "protocol": "otel", "request": span, **more})


def everything_in(value: Any) -> set[str]:
    """Every word of an answer: its members and its texts."""
    if isinstance(value, dict):
        return set(value).union(*map(everything_in, value.values()))
    return {value} if isinstance(value, str) else set()


def test_an_observation_says_what_would_have_been_and_permits_nothing(agent: Door, host: Door, session: str) -> None:
    inside = '{"to": "bob@corp.example"}'
    spans = [
        (agent, sdk_span("database.drop", "{}"), "DENY"),
        (agent, otlp_span("database.query", '{"table": "orders", "limit": 5000}'), "MODIFY"),
        (host, sdk_span("email.send", inside), "ALLOW"),
        (agent, sdk_span("email.send"), "STEP_UP"),
        (agent, sdk_span("credentials.rotate", "{}"), "DEFER"),
    ]
    for door, span, would_be in spans:
        reply = seen(door, session, span)
        answer = reply.json()
        assert (reply.status_code, answer["would_be"], answer["observed"]) == (201, would_be, True)
        assert {"decision", "effective", "parameters", "approval", "deferral", "claim"} & set(answer) == set()
        assert would_be == "ALLOW" or "ALLOW" not in everything_in(answer)
    assert [model.objects.count() for model in (Decision, Claim, ApprovalRequest, Deferral)] == [0, 0, 0, 0]
    entries = ContextEntry.objects.filter(kind="observation")
    bodies: list[Any] = [load_strict(bytes(entry.body)) for entry in entries.order_by("position")]
    assert [body["would_be"] for body in bodies] == [would_be for _, _, would_be in spans]
    assert all(body["evaluation"].startswith("sha256:") for body in bodies)


def test_nothing_that_was_observed_can_be_claimed_or_waited_for(agent: Door, session: str) -> None:
    answer = seen(agent, session, sdk_span("email.send")).json()
    for value in everything_in(answer):
        if "/" not in value and value.isascii() and value.replace("_", "").replace("-", "").isalnum():
            reply = agent.post(f"/api/v1/decisions/{value}/claim", {"action_digest": "sha256:" + "0" * 64})
            problem_of(reply, status=404, code="not_found")
            problem_of(agent.get(f"/api/v1/decisions/{value}"), status=404, code="not_found")
    body = {"session_id": session, "protocol": "otel", "request": sdk_span()}
    problem_of(agent.post("/decide", body), status=400, code="unknown_protocol")


def test_what_ran_unasked_is_part_of_what_the_session_has_done(agent: Door, session: str) -> None:
    inside = {"to": "ana@partner.example"}
    assert agent.decide(session, parameters=inside).json()["decision"] == "STEP_UP"
    assert seen(agent, session, sdk_span("database.query", '{"table": "customers", "limit": 5}')).status_code == 201
    state = Session.objects.get(pk=session).state
    assert (state["count"], "database.query" in state["tools"], "PII" in state["kinds"]) == (2, True, True)
    assert "tool_output" in state["taint"]
    # The demo policy lets nothing leave once personal data was touched, asked or not.
    assert agent.decide(session, parameters=inside).json()["decision"] == "DENY"


def test_what_was_asked_before_it_ran_counts_once(agent: Door, session: str) -> None:
    asked = agent.decide(session, parameters={"to": "bob@corp.example"}, action_id="call_1").json()
    before = Session.objects.get(pk=session).state
    answer = seen(agent, session, sdk_span("email.send", '{"to": "bob@corp.example"}')).json()
    assert answer["decision_id"] == asked["decision_id"]
    assert Session.objects.get(pk=session).state["count"] == before["count"]
    other = seen(agent, session, sdk_span("database.query", "{}")).json()
    assert other["decision_id"] is None


def test_a_span_that_comes_twice_is_one_observation(agent: Door, session: str) -> None:
    span = sdk_span("database.drop", "{}")
    first = seen(agent, session, span)
    before = row_counts()
    assert seen(agent, session, span).content == first.content
    assert row_counts() == before
    problem_of(seen(agent, session, span | {"name": "x"}), status=422, code="idempotency_mismatch")


@pytest.mark.case("API-11", "APR-06")
def test_what_is_no_observation_leaves_nothing_behind(agent: Door, session: str, stranger: tuple[Door, Caller]) -> None:
    assert seen(agent, session, sdk_span()).status_code == 201
    before = row_counts()
    door, _ = stranger
    problem_of(seen(door, session, sdk_span()), status=404, code="not_found")
    for span, code in (({}, "invalid_call"), (sdk_span("e mail"), "invalid_tool")):
        problem_of(seen(agent, session, span), status=400, code=code)
    problem_of(seen(agent, session, sdk_span(), effective="ALLOW"), status=400, code="invalid_body")
    body = {"session_id": session, "protocol": "mcp", "request": {}}
    problem_of(agent.post(OBSERVATIONS, body), status=400, code="invalid_body")
    assert row_counts() == before
    opened = door.post("/api/v1/sessions", {"original_request": REQUEST}).json()["session_id"]
    assert seen(door, opened, sdk_span()).status_code == 201
