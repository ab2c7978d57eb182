"""Requests of other protocols at `POST /decide`: one door, one decision, whatever language the agent speaks."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.models import ApprovalRequest
from decisions.models import ContextEntry, Decision, Deferral, Session
from decisions.services.deferrals import expire_due
from decisions.services.policies import publish_policy
from decisions.services.replay import Gap, reevaluate
from decisions.services.tools import effect_of
from receipts.models import Receipt
from receipts.signing.canonical import load_strict, request_digest
from tests.api.doors import Door, problem_of, row_counts
from tests.factories import MAIL, Cast, StepUp, describe, vote
from tests.unit.intake.payloads import anthropic_call, chat_call, langchain_call, mcp_call, responses_call

INSIDE: dict[str, Any] = {"to": "bob@corp.example"}


def ask(agent: Door, session: str, protocol: str, request: dict[str, Any], *, key: str = "", **more: Any) -> Any:
    headers = {"Idempotency_Key": key} if key else {}
    body = {"session_id": session, "protocol": protocol, "request": request, **more}
    return agent.post("/decide", body, **headers)


def test_every_protocol_gets_the_decision_of_the_action_that_it_asks_for(agent: Door, session: str) -> None:
    drop = {"mcp": mcp_call("database.drop"), "anthropic": anthropic_call("database.drop"),
            "langchain": langchain_call("database.drop")}  # fmt: skip
    send = {"mcp": mcp_call(), "openai": chat_call(), "anthropic": anthropic_call(), "langchain": langchain_call()}
    for protocol, request in drop.items():
        answer = ask(agent, session, protocol, request).json()
        assert (answer["decision"], answer["reason_code"]) == ("DENY", "forbidden")
    for protocol, request in send.items():
        reply = ask(agent, session, protocol, request)
        assert (reply.status_code, reply.json()["decision"]) == (202, "STEP_UP")
    allowed = ask(agent, session, "mcp", mcp_call(arguments=INSIDE), explanation="Bob asked.").json()
    assert (allowed["effective"], allowed["parameters"]) == ("ALLOW", INSIDE)
    assert {(row.tool, row.operation) for row in Decision.objects.all()} == {("database", "drop"), ("email", "send")}


def test_the_digest_of_a_request_is_that_of_the_action_however_it_was_sent(agent: Door, session: str) -> None:
    plain = agent.decide(session, parameters=INSIDE).json()
    wrapped = ask(agent, session, "mcp", mcp_call(arguments=INSIDE)).json()
    own = request_digest(session_id=session, tool="email", operation="send", parameters=INSIDE)
    assert plain["request_digest"] == wrapped["request_digest"] == own
    assert plain["action_digest"] != wrapped["action_digest"]


@pytest.mark.case("APR-38", "APR-39")
def test_a_key_stands_for_the_request_as_it_was_sent(agent: Door, session: str) -> None:
    first = ask(agent, session, "langchain", langchain_call(), key="k1")
    before = row_counts()
    assert ask(agent, session, "langchain", langchain_call(), key="k1").content == first.content
    for protocol, request in (("mcp", mcp_call()), ("langchain", langchain_call() | {"id": "call_2"})):
        reply = ask(agent, session, protocol, request, key="k1")
        problem_of(reply, status=422, code="idempotency_mismatch")
    problem_of(agent.decide(session, key="k1"), status=422, code="idempotency_mismatch")
    assert row_counts() == before


@pytest.mark.case("API-09", "API-11")
def test_what_is_no_sound_call_leaves_nothing_behind(agent: Door, session: str) -> None:
    assert ask(agent, session, "openai", chat_call()).status_code == 202
    before = row_counts()
    for protocol, request, code in (
        ("openai", {"tool_calls": [chat_call(), chat_call()]}, "not_a_tool_call"),
        ("openai", responses_call() | {"status": "incomplete"}, "invalid_call"),
        ("mcp", mcp_call("email.send\u200b"), "invalid_tool"),
        ("otel", {}, "unknown_protocol"),
    ):
        problem_of(ask(agent, session, protocol, request), status=400, code=code)
    problem_of(ask(agent, session, "mcp", mcp_call(), tool="files.read"), status=400, code="invalid_envelope")
    problem_of(ask(agent, session, "mcp", mcp_call(), decision="ALLOW"), status=400, code="invalid_body")
    assert row_counts() == before


def test_what_lets_the_sender_of_a_plain_request_in_is_kept_nowhere(agent: Door, session: str) -> None:
    request = {"method": "GET", "url": "https://a.example/", "headers": {"Authorization": "Bearer hunter2"}}
    answer = ask(agent, session, "http", request)
    assert answer.json()["decision"] == "DENY"
    assert b"hunter2" not in answer.content
    (row,) = Decision.objects.select_related("payload", "receipt")
    assert (row.tool, row.operation) == ("http", "get")


def test_mail_in_an_envelope_is_mail(agent: Door, session: str) -> None:
    plain = agent.decide(session, parameters=dict(MAIL)).json()
    wrapped = ask(agent, session, "langchain", langchain_call() | {"args": dict(MAIL)}).json()
    assert {name: plain[name] for name in ("decision", "rule_id", "reason")} == {
        name: wrapped[name] for name in ("decision", "rule_id", "reason")
    }


POLICY = """
policy: {id: shells, version: "1", default: DENY}
rules:
  - {id: look, match: {tool: shell.run, parameters: {program: [ls, cat]}}, action: ALLOW}
  - {id: no-rm, match: {tool: shell.run, parameters: {program: rm}}, action: DENY, classification: forbidden}
  - id: ask-git
    match: {tool: shell.run, parameters: {program: git}}
    action: STEP_UP
    approvers: [security-team]
    hold: 0
  - {id: issues, match: {tool: github.create_issue}, action: ALLOW}
  - {id: rate, match: {tool: github.create_issue}, constraints: {rate: {max: 1, window: 60}}, action: DENY, priority: 5}
  - {id: reads, match: {all: [{tool: jira.search}, {tool: {effect: read}}]}, action: ALLOW}
"""


@pytest.fixture
def shells(cast: Cast) -> None:
    publish_policy(text=POLICY, source="test", actor=None)


def same_again(answer: dict[str, Any]) -> bool:
    """Whether the decision, put again from what was kept, comes out as it is on record (G9)."""
    row = Decision.objects.get(pk=answer["decision_id"])
    ruling = reevaluate(row)
    assert not isinstance(ruling, Gap)
    recorded = (row.decision, row.rule_id or None, row.reason_code, row.ruling["reason"])
    return recorded == (ruling.decision, ruling.rule_id, ruling.reason_code, ruling.reason)


@pytest.mark.case("API-10")
@pytest.mark.usefixtures("shells")
def test_a_command_line_is_one_decision_by_its_strictest_command(agent: Door, session: str) -> None:
    expected = {
        "ls -l": ("ALLOW", "look"), "ls; rm x": ("DENY", "no-rm"), "ls && git log": ("STEP_UP", "ask-git"),
        "bash -c 'rm x'": ("DENY", "no-rm"), "ls; make": ("DENY", None), "ls; $X": ("DEFER", None),
    }  # fmt: skip
    for command, (decision, rule) in expected.items():
        answer = agent.decide(session, "bash.call", parameters={"command": command}).json()
        assert (answer["decision"], answer.get("rule_id")) == (decision, rule), command
        assert same_again(answer)
    assert Decision.objects.count() == len(expected)
    row = Decision.objects.filter(rule_id="no-rm").earliest("position")
    assert (row.tool, row.operation) == ("bash", "call")
    assert row.ruling["reason"].startswith("shell.run rm (step 2 of 2): ")
    assert [(step["tool"], step["decision"], step["rule"]) for step in row.ruling["steps"]] == [
        ("shell", "ALLOW", "look"), ("shell", "DENY", "no-rm")]  # fmt: skip


@pytest.mark.usefixtures("shells")
def test_the_original_is_kept_with_what_was_found_in_it(agent: Door, session: str) -> None:
    answer = agent.decide(session, "bash.call", parameters={"command": "ls; cat x"}).json()
    assert (answer["effective"], answer["parameters"]) == ("ALLOW", {"command": "ls; cat x"})
    body: Any = load_strict(bytes(ContextEntry.objects.filter(kind="action").get().body))
    assert (body["tool"], body["steps"]) == ("bash", ["shell.run", "shell.run"])
    assert {"parameters/command", "steps"} <= set(body["commitments"])
    receipt = Receipt.objects.get(pk=answer["receipt"]["id"])
    assert b'"steps":[{"decision":"ALLOW"' in bytes(receipt.body)
    state = Session.objects.get(pk=session).state
    assert (state["count"], state["tools"]) == (1, ["bash.call", "shell.run"])


@pytest.mark.case("API-10")
@pytest.mark.usefixtures("shells")
def test_what_is_unclear_waits_and_then_falls(agent: Door, host: Door, session: str, move_clock: Any) -> None:
    answer = agent.decide(session, "bash.call", parameters={"command": "curl x | sh"}).json()
    assert (answer["decision"], answer["effective"], answer["reason_code"]) == ("DENY", "DENY", "default_posture")
    unclear = agent.decide(session, "bash.call", parameters={"command": "$X"}).json()
    assert (unclear["decision"], unclear["effective"], unclear["reason_code"]) == (
        "DEFER",
        "PENDING",
        "unclear_meaning",
    )
    evidence = {"field": "meaning", "value": "harmless", "source": "me"}
    host.post(f"/api/v1/deferrals/{unclear['deferral']['id']}/evidence", evidence)
    assert agent.read(unclear)["effective"] == "PENDING"
    move_clock(301)
    expire_due()
    assert Deferral.objects.get().state == "EXPIRED"
    assert agent.read(unclear)["effective"] == "DENY"
    problem_of(agent.claim(unclear), status=410, code="expired")


@pytest.mark.usefixtures("shells")
def test_an_approved_command_line_is_claimed_as_it_was_sent(cast: Cast, agent: Door, session: str) -> None:
    parameters = {"command": "ls; git push"}
    answer = agent.decide(session, "bash.call", parameters=parameters).json()
    vote(StepUp(approval=ApprovalRequest.objects.get(pk=answer["approval"]["id"]), answer=answer), cast.bob)
    other = {"tool": "bash", "operation": "call", "parameters": {"command": "ls; git push -f"}}
    problem_of(agent.claim(answer, action=other), status=409, code="action_mismatch")
    claimed = agent.claim(answer, action={"tool": "bash", "operation": "call", "parameters": parameters})
    assert claimed.json()["parameters"] == parameters


@pytest.mark.case("API-10")
@pytest.mark.usefixtures("shells")
def test_a_tool_behind_another_has_its_own_rules_rates_and_effect(agent: Door, session: str) -> None:
    describe("jira", "search", "Searches.", effect="read")
    issue = {"mcp_server_name": "github", "mcp_tool_name": "create_issue", "arguments": {"title": "Bug"}}
    search = {"mcp_server_name": "Jira", "mcp_tool_name": "search"}
    assert effect_of(tool="jira", operation="search") == "read"
    answers = [agent.decide(session, "mcp_tool.call", parameters=each).json() for each in (issue, issue, search)]
    assert [(each["decision"], each.get("rule_id")) for each in answers] == [
        ("ALLOW", "issues"), ("DENY", "rate"), ("ALLOW", "reads")]  # fmt: skip
    assert all(map(same_again, answers))
    unknown = agent.decide(session, "mcp_tool.call", parameters=search | {"mcp_tool_name": "delete"}).json()
    assert unknown["decision"] == "DENY"
