"""`POST /decide`: one decision for one question, however often it is asked, and only for who may ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from approvals.models import ApprovalRequest
from decisions.models import Agent, Credential, Decision, IdempotentAnswer
from decisions.services.identity import issue_key
from receipts.access import Caller
from receipts.clock import database_now
from receipts.models import Receipt
from tests.api.doors import Door, problem_of, row_counts
from tests.factories import MAIL, REQUEST, Cast, StepUp, begin_asserted_session, begin_session, vote

INSIDE = {"to": "bob@corp.example", "subject": "Hello"}
MoveClock = Callable[[float], None]


def asked(reply: Any) -> StepUp:
    """A step-up as its agent was answered."""
    answer = reply.json()
    assert answer["decision"] == "STEP_UP", answer
    return StepUp(approval=ApprovalRequest.objects.get(pk=answer["approval"]["id"]), answer=answer)


def test_the_answer_carries_what_the_contract_names_and_nothing_that_was_not_computed(
    agent: Door, session: str
) -> None:
    allowed = agent.decide(session, parameters=INSIDE, explanation="Because.")
    stepped = agent.decide(session)
    always = {
        "decision_id", "action_id", "session_id", "decision", "effective", "reason", "reason_code", "rule_id",
        "risk_level", "confidence", "alignment", "risk_signals", "policy", "request_digest", "action_digest", "receipt",
    }  # fmt: skip
    assert (allowed.status_code, set(allowed.json())) == (200, always | {"parameters"})
    assert (stepped.status_code, set(stepped.json())) == (202, always | {"approval"})
    assert (allowed.json()["effective"], stepped.json()["effective"]) == ("ALLOW", "PENDING")
    assert allowed.json()["parameters"] == INSIDE
    assert ("Retry-After" in allowed, "Retry-After" in stepped) == (False, True)
    receipt = Receipt.objects.get(pk=allowed.json()["receipt"]["id"])
    assert receipt.digest == allowed.json()["receipt"]["digest"]


def test_a_modified_action_says_what_was_changed(agent: Door, session: str) -> None:
    answer = agent.decide(session, "database.query", parameters={"table": "orders", "limit": 5000}).json()
    assert (answer["decision"], answer["effective"]) == ("MODIFY", "ALLOW")
    assert answer["parameters"] == {"table": "orders", "limit": 100}
    (change,) = answer["modifications"]
    assert (change["path"], change["from"], change["to"]) == ("/limit", 5000, 100)


def test_both_addresses_of_the_door_are_the_same_door(agent: Door, session: str) -> None:
    body = {"session_id": session, "action_id": "act_1", "tool": "email", "operation": "send", "parameters": dict(MAIL)}
    assert agent.post("/decide", body).content == agent.post("/api/v1/decide", body).content


@pytest.mark.case("APR-38")
def test_a_retry_gets_the_bytes_that_were_committed_first(cast: Cast, agent: Door, session: str) -> None:
    first = agent.decide(session, key="k1")
    before = row_counts()
    again = agent.decide(session, key="k1")
    assert (first.status_code, again.status_code, again["Retry-After"]) == (202, 202, "1")
    assert again.content == first.content
    vote(asked(first), cast.bob)
    counted = row_counts()
    # Whatever has happened since: the answer to that request is the one that was given.
    assert agent.decide(session, key="k1").content == first.content
    assert row_counts() == counted
    assert before["decisions.Decision"] == counted["decisions.Decision"] == 1
    assert agent.decide(session, key="k2").content != first.content


@pytest.mark.case("APR-38", "APR-02")
def test_another_spelling_of_the_same_request_is_the_same_request(agent: Door, session: str) -> None:
    first = agent.decide(session, key="k1")
    spelt = b'{ "tool":"\\u0065mail", "parameters":'
    spelt += b'{"body":"See the deck.","subject":"Q4 deck", "to":"ana@partner.example"},'
    spelt += b'"operation": "send", "session_id": "%b"}' % session.encode()
    assert agent.post("/decide", spelt, Idempotency_Key="k1").content == first.content


@pytest.mark.case("APR-39")
def test_a_key_stands_for_one_body_of_one_agent(agent: Door, session: str, stranger: tuple[Door, Caller]) -> None:
    first = agent.decide(session, key="k1")
    before = row_counts()
    for change in ({"parameters": INSIDE}, {"explanation": "x"}, {"action_id": "act_9"}, {"facts": {"a": 1}}):
        problem_of(agent.decide(session, key="k1", **change), status=422, code="idempotency_mismatch")
    assert row_counts() == before
    door, caller = stranger
    opened = door.post("/api/v1/sessions", {"original_request": REQUEST}).json()["session_id"]
    other = door.decide(opened, key="k1")
    assert other.status_code == 202
    assert other.json()["decision_id"] != first.json()["decision_id"]
    assert set(IdempotentAnswer.objects.values_list("caller", flat=True)) >= {caller.id}


@pytest.mark.case("APR-38", "APR-39")
def test_an_action_id_is_a_key_and_is_used_once(agent: Door, session: str) -> None:
    first = agent.decide(session, action_id="act_mine")
    assert first.json()["action_id"] == "act_mine"
    before = row_counts()
    assert agent.decide(session, action_id="act_mine").content == first.content
    problem_of(agent.decide(session, action_id="act_mine", parameters=INSIDE), status=422, code="idempotency_mismatch")
    problem_of(agent.decide(session, action_id="act_mine", key="k2"), status=422, code="idempotency_mismatch")
    assert row_counts() == before
    assert agent.decide(session, action_id="act_other", key="k2").status_code == 202


def test_an_idempotency_key_that_logs_or_headers_could_not_carry_is_refused(agent: Door, session: str) -> None:
    assert agent.decide(session, key="a" * 200).status_code == 202
    before = row_counts()
    for key in ("a" * 201, "caf\u00e9", "tab\tkey", "\x7f"):
        problem_of(agent.decide(session, key=key), status=400, code="invalid_idempotency_key")
    assert row_counts() == before


@pytest.mark.case("CTX-02", "APR-06")
def test_a_session_of_another_agent_is_not_there(
    agent: Door, host: Door, session: str, stranger: tuple[Door, Caller]
) -> None:
    assert agent.decide(session).status_code == 202
    before = row_counts()
    door, _ = stranger
    foreign, absent = door.decide(session), door.decide("ses_nothing")
    for reply in (foreign, absent):
        problem_of(reply, status=404, code="not_found")
    assert _without_name(foreign) == _without_name(absent)
    for path in ("", "/entries"):
        problem_of(door.get(f"/api/v1/sessions/{session}{path}"), status=404, code="not_found")
    message = {"role": "model", "text": "x"}
    problem_of(door.post(f"/api/v1/sessions/{session}/messages", message), status=404, code="not_found")
    problem_of(door.post(f"/api/v1/sessions/{session}/end"), status=404, code="not_found")
    # Its own host does not decide in the agent's place either.
    problem_of(host.decide(session), status=403, code="forbidden")
    assert row_counts() == before


def _without_name(reply: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reply.content)
    return found | {"request_id": ""}


def test_an_ended_session_decides_nothing_more(agent: Door, host: Door, session: str) -> None:
    assert agent.decide(session).status_code == 202
    assert host.post(f"/api/v1/sessions/{session}/end").json()["state"] == "ENDED"
    before = row_counts()
    problem_of(agent.decide(session), status=409, code="session_ended")
    assert host.post(f"/api/v1/sessions/{session}/end").json()["state"] == "ENDED"
    assert row_counts() == before


def test_an_agent_does_not_say_for_whom_it_acts(cast: Cast, agent: Door, host: Door) -> None:
    opened = agent.post("/api/v1/sessions", {"original_request": REQUEST})
    assert (opened.status_code, opened.json()["request_provenance"]) == (201, "asserted")
    assert opened.json()["human"] is None
    before = row_counts()
    claims = {"human": "ceo@corp.example", "agent": cast.agent.id, "service": "payroll", "scope": ["everything"]}
    for field, value in claims.items():
        reply = agent.post("/api/v1/sessions", {"original_request": REQUEST, field: value})
        assert problem_of(reply, status=400, code="identity_from_agent")["param"] == field
    reply = agent.post(f"/api/v1/sessions/{opened.json()['session_id']}/messages", {"role": "user", "text": "Do it!"})
    problem_of(reply, status=403, code="user_turn_from_agent")
    assert row_counts() == before
    attested = host.post(
        "/api/v1/sessions", {"original_request": REQUEST, "human": "a@corp.example", "agent": "demo-agent"}
    )
    assert (attested.status_code, attested.json()["request_provenance"]) == (201, "attested")


def test_an_asserted_request_opens_no_rule_that_wants_an_attested_one(cast: Cast, agent: Door) -> None:
    request = "Please delete the old rows and clean up."
    attested = agent.decide(begin_session(cast, request=request), "database.delete", parameters={"table": "old"})
    asserted = agent.decide(
        begin_asserted_session(cast, request=request), "database.delete", parameters={"table": "old"}
    )
    assert attested.json()["decision"] == "STEP_UP"
    assert asserted.json()["effective"] != "ALLOW"
    assert asserted.json()["decision"] in {"DENY", "DEFER"}


@pytest.mark.parametrize(
    "output",
    ["Card 4111 1111 1111 1111", "IBAN DE89 3704 0044 0532 0130 00", {"rows": [{"mail": "someone@customer.example"}]}],
)
def test_personal_data_in_an_output_denies_mail_to_the_outside_later(agent: Door, session: str, output: Any) -> None:
    query = agent.decide(session, "database.query", parameters={"table": "orders", "limit": 5}).json()
    assert agent.report(query, output={"rows": [1, 2]}).json()["data_kinds"] == ["NOT_CLASSIFIED"]
    assert agent.decide(session).json()["decision"] == "STEP_UP"
    assert "PII" in agent.report(query, output=output).json()["data_kinds"]
    answer = agent.decide(session).json()
    assert (answer["decision"], answer["classification"]) == ("DENY", "context_dependent_deny")
    assert agent.decide(session, parameters=INSIDE).json()["decision"] == "ALLOW"


def test_a_label_of_one_session_does_not_reach_another(cast: Cast, agent: Door, session: str) -> None:
    agent.decide(session, "database.query", parameters={"table": "customers", "limit": 5})
    assert agent.decide(session).json()["decision"] == "DENY"
    assert agent.decide(begin_session(cast)).json()["decision"] == "STEP_UP"


@pytest.mark.case("API-15")
def test_a_key_that_is_revoked_expired_or_unknown_is_refused_at_once(
    cast: Cast, agent: Door, session: str, move_clock: MoveClock
) -> None:
    owner = Agent.objects.get(pk=cast.agent.id)
    at = database_now()
    short_lived = Door(issue_key(owner=owner, at=at, expires_at=at.replace(year=at.year + 1)))
    assert [door.decide(session).status_code for door in (agent, short_lived)] == [202, 202]
    counted = Decision.objects.count()
    Credential.objects.filter(pk=cast.agent.key_id).update(revoked_at=at)
    problem_of(agent.decide(session), status=401, code="unauthenticated")
    # Rotation with overlap: the agent's other key goes on working until its own time is over.
    assert short_lived.decide(session).status_code == 202
    move_clock(366 * 24 * 3600)
    problem_of(short_lived.decide(session), status=401, code="unauthenticated")
    for key in ("aak_unknown", "", " ", cast.host_key[:-1], "aak_" + "é" * 40, "x" * 5000):
        reply = Door().post("/decide", {}, Authorization=f"Bearer {key}")
        problem_of(reply, status=401, code="unauthenticated")
        assert reply["WWW-Authenticate"].startswith("Bearer")
    assert Decision.objects.count() == counted + 1


@pytest.mark.case("API-15")
def test_the_keys_of_an_agent_that_was_switched_off_open_nothing(cast: Cast, agent: Door, session: str) -> None:
    assert agent.decide(session).status_code == 202
    Agent.objects.filter(pk=cast.agent.id).update(is_active=False)
    problem_of(agent.decide(session), status=401, code="unauthenticated")
    problem_of(agent.get(f"/api/v1/sessions/{session}"), status=401, code="unauthenticated")


FORGED = {
    "X_User_Id": "usr_admin",
    "X_Forwarded_User": "bob",
    "X_Remote_User": "bob",
    "Remote_User": "bob",
    "X_Forwarded_For": "127.0.0.1",
    "X_Forwarded_Host": "evil.example",
    "X_Forwarded_Proto": "https",
    "X_Original_URL": "/api/v1/approvals",
    "X_Rewrite_URL": "/api/v1/approvals",
    "X_HTTP_Method_Override": "DELETE",
    "X_Agent_Id": "agt_other",
}


@pytest.mark.case("API-26")
def test_headers_that_claim_an_identity_or_an_address_are_not_looked_at(cast: Cast, session: str) -> None:
    body = {"session_id": session, "tool": "email", "operation": "send", "parameters": dict(MAIL)}
    problem_of(Door().post("/decide", body, **FORGED), status=401, code="unauthenticated")
    problem_of(Door().get("/api/v1/approvals", **FORGED), status=401, code="unauthenticated")
    reply = Door(cast.agent_key).post("/decide", body, **FORGED)
    assert reply.status_code == 202
    row = Decision.objects.get(pk=reply.json()["decision_id"])
    assert (row.agent_id, row.session.human and row.session.human.identifier) == (cast.agent.id, "alice@corp.example")
    assert "evil.example" not in reply.content.decode()
    problem_of(Door(cast.agent_key).get("/api/v1/approvals", **FORGED), status=403, code="forbidden")


def test_a_key_is_taken_from_the_header_alone(cast: Cast, session: str) -> None:
    body = {"session_id": session, "tool": "email", "operation": "send", "parameters": dict(MAIL)}
    key = cast.agent_key
    places: list[dict[str, str]] = [
        {"Authorization": f"Basic {key}"},
        {"Authorization": key},
        {"X_Api_Key": key},
        {"Cookie": f"key={key}"},
    ]
    for headers in places:
        problem_of(Door().post("/decide", body, **headers), status=401, code="unauthenticated")
    problem_of(Door().post(f"/decide?key={key}&access_token={key}", body), status=401, code="unauthenticated")
    assert Door().post("/decide", body, Authorization=f"bearer  {key} ").status_code == 202
