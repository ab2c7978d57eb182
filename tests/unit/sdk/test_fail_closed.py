"""Whatever goes wrong between the SDK and the server, the wrapped tool is not called (API-23, API-24, API-25)."""

from __future__ import annotations

from typing import Any

import pytest

from aarm import AarmError, Client, Guard, ProtocolError, RefusedError, Unavailable
from tests.unit.sdk import faults
from tests.unit.sdk.agents import KINDS, Call, Kind, play
from tests.unit.sdk.contract_server import AGENT_KEY, ContractServer, Fault, Ruling

DEEP = b'{"decision_id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

LOST: dict[str, tuple[Fault, type[AarmError]]] = {
    "time-out": (faults.silent, Unavailable),
    "connection dropped": (faults.dropped, Unavailable),
    "truncated body": (faults.truncated, Unavailable),
    "500": (faults.status(500, b"<h1>oops</h1>"), Unavailable),
    "503 problem": (faults.problem(503, name="unavailable"), Unavailable),
    "429 that wants a long pause": (faults.problem(429, name="rate_limited", Retry_After="60"), Unavailable),
    "401": (faults.problem(401, name="bad_credential"), RefusedError),
    "403 without a body": (faults.status(403), RefusedError),
    "404": (faults.problem(404, name="not_found"), RefusedError),
    "redirect": (faults.status(302, Location="/elsewhere"), ProtocolError),
    "204": (faults.status(204), ProtocolError),
    "201": (faults.status(201, b'{"effective": "ALLOW"}'), ProtocolError),
    "empty body": (faults.content(b""), ProtocolError),
    "garbage": (faults.content(b"<html>ALLOW</html>"), ProtocolError),
    "not UTF-8": (faults.content(b'{"effective": "\xff"}'), ProtocolError),
    "not an object": (faults.content(b'["ALLOW"]'), ProtocolError),
    "nested without end": (faults.content(DEEP), ProtocolError),
    "a key twice": (faults.content(b'{"effective": "DENY", "effective": "ALLOW"}'), ProtocolError),
    "NaN": (faults.content(b'{"effective": NaN}'), ProtocolError),
}
WRONG: dict[str, Fault] = {
    "no decision": faults.without("decision"),
    "unknown decision": faults.with_values(decision="PERMIT"),
    "decision of a wrong type": faults.with_values(decision=True),
    "no effective": faults.without("effective"),
    "unknown effective": faults.with_values(effective="allow"),
    "a denial that is allowed": faults.with_values(decision="DENY"),
    "a permission that is denied": faults.with_values(effective="DENY"),
    "a permission that waits": faults.with_values(effective="PENDING"),
    "no parameters": faults.without("parameters"),
    "parameters of a wrong type": faults.with_values(parameters=["bob@corp.example"]),
    "parameters that do not fit": faults.with_values(parameters={"to": "a", "limit": 1, "bcc": "mallory@evil.example"}),
    "a parameter missing": faults.with_values(parameters={"to": "a"}),
    "an infinite parameter": faults.content(b'{"parameters": {"limit": 1e999}}'),
    "no receipt": faults.without("receipt"),
    "a receipt without digest": faults.with_values(receipt={"id": "rct_1"}),
    "no decision_id": faults.without("decision_id"),
    "a decision_id that is a path": faults.with_values(decision_id="../sessions"),
    "no request_digest": faults.without("request_digest"),
    "another request_digest": faults.with_values(request_digest="sha256:" + "0" * 64),
    "an approval of a wrong type": faults.with_values(approval="APPROVED"),
    "a time that is none": faults.with_values(approval={"id": "apr_1", "state": "APPROVED", "expires_at": "soon"}),
    "a time without zone": faults.with_values(
        approval={"id": "apr_1", "state": "APPROVED", "expires_at": "2030-01-01T00:00"}
    ),
}
AT_DECIDE = LOST | {name: (fault, ProtocolError) for name, fault in WRONG.items()}
CLAIMS = {
    "no claim_id": faults.without("claim_id"),
    "no parameters": faults.without("parameters"),
    "other parameters": faults.with_values(parameters={"to": "mallory@evil.example", "limit": 500}),
    "truth for a number": faults.with_values(parameters={"to": "bob@corp.example", "limit": True}),
    "garbage": faults.content(b"claimed"),
}


@pytest.fixture
def hasty(server: ContractServer) -> Guard:
    """A guard that gives up soon. Its control run shows that nothing else stands in the way."""
    return Guard(Client(server.url, AGENT_KEY, timeout_seconds=0.3))


def refused(kind: Kind, guard: Guard, *, error: type[AarmError], call: Call | None = None) -> AarmError:
    """The call raises exactly this error and the function was not called."""
    ending = play(kind, guard, call)
    assert ending.runs == []
    assert ending.last is None
    assert type(ending.error) is error, ending.error
    return ending.error


@pytest.mark.case("API-23")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", AT_DECIDE)
def test_a_faulty_answer_to_decide_runs_nothing(server: ContractServer, hasty: Guard, kind: Kind, name: str) -> None:
    assert play(kind, hasty).runs == [{"to": "bob@corp.example", "limit": 500}]
    fault, error = AT_DECIDE[name]
    server.fail("decide", fault)
    refused(kind, hasty, error=error)
    assert server.requests("outcome")[1:] == []


@pytest.mark.case("API-23")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WRONG)
def test_a_faulty_answer_while_waiting_runs_nothing(
    server: ContractServer, hasty: Guard, kind: Kind, name: str
) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = server.approve
    assert len(play(kind, hasty).runs) == 1
    server.fail("poll", WRONG[name])
    refused(kind, hasty, error=ProtocolError)
    assert len(server.requests("claim")) == 1


@pytest.mark.case("API-23")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CLAIMS)
def test_a_faulty_answer_to_the_claim_runs_nothing(server: ContractServer, hasty: Guard, kind: Kind, name: str) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = server.approve
    assert len(play(kind, hasty).runs) == 1
    server.fail("claim", CLAIMS[name])
    refused(kind, hasty, error=ProtocolError)


@pytest.mark.case("API-24")
@pytest.mark.parametrize("kind", KINDS)
def test_an_unreachable_server_runs_nothing(server: ContractServer, closed_url: str, kind: Kind) -> None:
    assert len(play(kind, Guard(Client(server.url, AGENT_KEY))).runs) == 1
    error = refused(kind, Guard(Client(closed_url, AGENT_KEY)), error=Unavailable)
    assert error.retryable
    assert "Nothing was allowed" in str(error)


@pytest.mark.case("API-24")
@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_dies_after_the_session_was_opened_runs_nothing(
    server: ContractServer, client: Client, kind: Kind
) -> None:
    guard = Guard(client)
    assert len(play(kind, guard).runs) == 1
    server.fail("decide", faults.dropped)
    refused(kind, guard, error=Unavailable)
    keys = {one.idempotency_key for one in server.requests("decide")[1:]}
    assert len(server.requests("decide")) == 4
    assert len(keys) == 1


@pytest.mark.case("API-25")
@pytest.mark.parametrize("kind", KINDS)
def test_a_swapped_answer_is_detected(server: ContractServer, guard: Guard, kind: Kind) -> None:
    """A proxy hands out the ALLOW that another action got."""
    harmless: dict[str, Any] = {}
    server.fail("decide", faults.edited(harmless.update), times=1)
    assert len(play(kind, guard).runs) == 1
    server.rulings["email.send"] = Ruling("DENY")
    server.fail("decide", faults.edited(lambda body: body.update(harmless)))
    error = refused(kind, guard, error=ProtocolError, call=Call(to="mallory@evil.example"))
    assert "another request" in str(error)


@pytest.mark.case("API-25")
@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_about_another_decision_is_detected_while_waiting(
    server: ContractServer, guard: Guard, kind: Kind
) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = server.approve
    assert len(play(kind, guard).runs) == 1
    server.fail("poll", faults.with_values(decision_id="dec_other"))
    assert "dec_other" in str(refused(kind, guard, error=ProtocolError))
