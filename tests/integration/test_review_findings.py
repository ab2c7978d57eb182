"""What a review found to go wrong, each as the failure that must not come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from approvals.models import ApprovalRequest
from decisions.models import Decision, Deferral, Tool
from decisions.services.deferrals import expire_due
from decisions.services.policies import publish_policy
from decisions.services.state import MAX_FACT_BYTES, MAX_FACTS
from receipts.clock import database_now
from receipts.identifiers import new_seed
from receipts.models import Payload, PublishedKey
from receipts.problems import ProblemError
from receipts.selectors import opened_values
from receipts.signing.keys import SigningKey
from tests.api.doors import Door, problem_of, row_counts
from tests.factories import ALICE, Cast, StepUp, begin_session, make_cast, open_step_up, vote
from tests.sealing import sealed_again

pytestmark = pytest.mark.django_db
INSIDE = {"to": "bob@corp.example"}
WINDOW = "maintenance_window"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def agent(cast: Cast) -> Door:
    return Door(cast.agent_key)


@pytest.fixture
def host(cast: Cast) -> Door:
    return Door(cast.host_key)


@pytest.fixture
def session(cast: Cast) -> str:
    return begin_session(cast)


def supply(door: Door, answer: dict[str, Any], value: object, *, field: str = WINDOW) -> Any:
    body = {"field": field, "value": value, "source": "calendar"}
    return door.post(f"/api/v1/deferrals/{answer['deferral']['id']}/evidence", body)


def publish(rules: str) -> None:
    text = 'policy: {id: found, version: "1", default: DENY}\nrules:\n' + rules
    publish_policy(text=text, source="found.yaml", actor=None)


def approved(cast: Cast, session: str) -> StepUp:
    step = open_step_up(cast, session_id=session)
    vote(step, cast.bob)
    return step


@pytest.mark.parametrize("is_erased", [False, True])
def test_values_that_are_not_those_that_were_approved_are_not_handed_out(
    cast: Cast, agent: Door, session: str, is_erased: bool
) -> None:
    step = approved(cast, session)
    row = Payload.objects.get(pk=Decision.objects.get(pk=step.answer["decision_id"]).payload_id)
    kept = bytes(row.content or b"")
    other = {**opened_values(row), "parameters/to": "thief@elsewhere.example"}
    Payload.objects.filter(pk=row.pk).update(content=None if is_erased else sealed_again(row, other))
    status, code = (410, "erased") if is_erased else (409, "action_mismatch")
    problem_of(agent.claim(step.answer), status=status, code=code)
    Payload.objects.filter(pk=row.pk).update(content=kept)
    assert agent.claim(step.answer).status_code == 200


def test_evidence_that_has_changed_since_permits_nothing(agent: Door, host: Door, session: str) -> None:
    deferred = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    answer = supply(host, deferred, "open").json()
    supply(host, deferred, "closed")
    problem_of(agent.claim(answer), status=409, code="policy_changed")
    supply(host, deferred, "open")
    assert agent.claim(answer).status_code == 200


def test_a_deferral_whose_state_was_written_by_hand_is_not_claimed(agent: Door, session: str) -> None:
    deferred = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE decisions_deferral SET state = 'ALLOWED', resolved_at = aarm_now() WHERE id = %s",
            [deferred["deferral"]["id"]],
        )
    problem_of(agent.claim(deferred), status=409, code="policy_changed")


def test_a_tool_in_another_spelling_is_the_tool_that_is_known(agent: Door, host: Door, session: str) -> None:
    assert Tool.objects.get(tool="email", operation="send").effect == "egress"
    reply = host.post("/api/v1/tools", {"tools": [{"name": "EMAIL.Send", "effect": "read"}]})
    problem_of(reply, status=409, code="tool_differs")
    same = host.post("/api/v1/tools", {"tools": [{"name": "EMAIL.Send", "effect": "egress"}]})
    assert same.json()["results"] == [{"name": "email.send", "effect": "egress"}]
    # An admin may still have entered both; that must not end every decision about the tool.
    Tool.objects.create(tool="EMAIL", operation="SEND", effect="read")
    assert agent.decide(session, parameters=INSIDE).json()["effective"] == "ALLOW"


@pytest.mark.case("APR-08")
@pytest.mark.parametrize("human", ["bob@corp.example", " BOB@Corp.Example ", "\uff42ob@corp.example", "b\uff2fb"])
def test_who_asked_cannot_approve_in_another_spelling(cast: Cast, human: str) -> None:
    step = open_step_up(cast, human=human)
    with pytest.raises(ProblemError) as refused:
        vote(step, cast.bob)
    assert refused.value.code == "self_approval"
    assert vote(step, cast.carol).state == "APPROVED"


@pytest.mark.parametrize("human", ["   ", "bob@corp.example\u200b", "bob\u202e@corp.example", "\u00df" * 200])
def test_a_human_that_no_account_could_be_compared_with_is_refused(host: Door, human: str) -> None:
    opening = {"human": human, "agent": "demo-agent", "original_request": "Do it."}
    before = row_counts()
    assert problem_of(host.post("/api/v1/sessions", opening), status=400, code="invalid_body")["param"] == "human"
    assert row_counts() == before
    assert host.post("/api/v1/sessions", opening | {"human": ALICE}).status_code == 201


def test_an_agents_facts_do_not_keep_the_hosts_out(agent: Door, host: Door, session: str) -> None:
    deferred = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    for number in range(MAX_FACTS):
        assert supply(agent, deferred, 1, field=f"f{number:02}").status_code == 200
    problem_of(supply(agent, deferred, 1, field="one_more"), status=409, code="too_many_facts")
    assert supply(host, deferred, "open").json()["effective"] == "ALLOW"
    facts = agent.get(f"/api/v1/sessions/{session}").json()["facts"]
    assert (len(facts), facts[WINDOW]) == (MAX_FACTS, "attested")
    assert "f00" not in facts


def test_a_fact_that_every_later_decision_would_carry_along_is_refused(agent: Door, session: str) -> None:
    deferred = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    before = row_counts()
    problem_of(supply(agent, deferred, "x" * MAX_FACT_BYTES), status=400, code="invalid_body")
    assert row_counts() == before
    assert supply(agent, deferred, "x" * (MAX_FACT_BYTES - 2)).status_code == 200


@pytest.mark.case("APR-33")
def test_the_reviewer_of_a_deferred_action_sees_what_was_asked_and_the_policy_that_asks(
    cast: Cast, agent: Door, host: Door, session: str
) -> None:
    rules = """
  - {id: waits, match: {tool: x.y}, action: DEFER, context_needed: [fact], priority: 9, risk_level: LOW}
  - {id: caps, match: {tool: x.y, facts: {fact: go}, parameters: {limit: {gt: 100}}}, action: MODIFY,
     modifications: {cap: {limit: 100}}, priority: 5}
  - {id: asks, match: {tool: x.y, facts: {fact: go}}, action: STEP_UP, hold: 0, approvers: [security-team],
     risk_level: CRITICAL}
"""
    publish(rules)
    deferred = agent.decide(session, "x.y", parameters={"limit": 5000}).json()
    publish(rules + "  - {id: more, match: {tool: never.used}, action: ALLOW}\n")
    answer = supply(host, deferred, "go", field="fact").json()
    request = ApprovalRequest.objects.get(pk=answer["approval"]["id"])
    assert (request.shown["parameters"], request.shown["original_parameters"]) == ({"limit": 100}, {"limit": 5000})
    assert request.shown["policy_hash"] == request.policy_hash != deferred["policy"]["hash"]
    assert answer["risk_level"] == request.risk_level == "CRITICAL"
    vote(StepUp(approval=request, answer=answer), cast.bob)
    assert agent.claim(agent.read(answer)).json()["parameters"] == {"limit": 100}


def test_what_waited_for_another_action_keeps_what_was_asked(cast: Cast, agent: Door, session: str) -> None:
    publish("""
  - {id: asks, match: {tool: a.b}, action: STEP_UP, hold: 0, approvers: [security-team]}
  - {id: caps, match: {tool: x.y}, action: MODIFY, modifications: {cap: {limit: 100}}}
""")
    first = agent.decide(session, "a.b", parameters={}, action_id="first").json()
    second = agent.decide(session, "x.y", parameters={"limit": 5000}, depends_on=["first"]).json()
    vote(StepUp(approval=ApprovalRequest.objects.get(pk=first["approval"]["id"]), answer=first), cast.bob)
    assert expire_due() == 1
    assert agent.read(second)["modifications"] == [{"path": "/limit", "from": 5000, "to": 100, "rule_id": "caps"}]
    row = Deferral.objects.get(pk=second["deferral"]["id"])
    values = opened_values(row.payload)
    assert (values["asked/limit"], values["parameters/limit"]) == (5000, 100)


@pytest.mark.case("FLT-30")
@pytest.mark.parametrize("fault", ["another key", "revoked", "retired"])
def test_a_key_that_no_verifier_trusts_allows_nothing(
    agent: Door, session: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agent.decide(session, parameters=INSIDE).json()["effective"] == "ALLOW"
    if fault == "another key":
        path = tmp_path / "other.pem"
        path.write_bytes(SigningKey.from_seed(new_seed()).to_pem())
        monkeypatch.setattr(settings, "AARM_SIGNING_KEY_PATH", path)
    else:
        PublishedKey.objects.update(**{f"{fault}_at": database_now()})
    before = row_counts()
    problem_of(agent.decide(session, parameters=INSIDE), status=503, code="signing_unavailable")
    assert row_counts() == before


@pytest.mark.parametrize("query", ["since=0001-01-01T00:00:00%2B14:00", "until=9999-12-31T23:59:59-14:00"])
def test_a_time_beyond_the_calendar_is_the_callers_fault(agent: Door, query: str) -> None:
    problem_of(agent.get(f"/api/v1/receipts?{query}"), status=400, code="invalid_time")
    problem_of(agent.get("/api/v1/receipts?cursor=9999-12-31T23:59:59-14:00~rct_x"), status=400, code="invalid_cursor")
    assert agent.get("/api/v1/receipts?since=2026-01-31T00:00:00Z").status_code == 200
