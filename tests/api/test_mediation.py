"""Requests of other protocols at `POST /decide`: one door, one decision, whatever language the agent speaks."""

from __future__ import annotations

from typing import Any

import pytest

from decisions.models import Decision
from receipts.signing.canonical import request_digest
from tests.api.doors import Door, problem_of, row_counts
from tests.factories import MAIL
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
