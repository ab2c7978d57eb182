"""What the clients send, what they repeat, and how they say what went wrong."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable

import pytest

from aarm import (
    AsyncClient,
    Client,
    ConfigurationError,
    Effective,
    NotJsonError,
    OutcomeStatus,
    RefusedError,
    Unavailable,
)
from tests.unit.sdk import faults
from tests.unit.sdk.contract_server import AGENT_KEY, ContractServer, Ruling

METHODS = (
    "open_session",
    "add_message",
    "end_session",
    "register_tools",
    "decide",
    "get_decision",
    "wait_for",
    "claim",
    "report_outcome",
    "cancel",
    "add_evidence",
    "receipt",
)


def test_every_door_is_called_as_the_contract_says(server: ContractServer, host: Client) -> None:
    server.rulings["credentials.rotate"] = Ruling("DEFER")
    tool = {"name": "email.send", "description": "Sends.", "parameters": {"type": "object"}, "effect": "egress"}
    session = host.open_session("Rotate the keys", human="alice@corp.example", scope=["credentials"])
    host.add_message(session.session_id, role="user", text="Now, please")
    host.register_tools([tool])
    verdict = host.decide(
        "credentials.rotate",
        session_id=session.session_id,
        parameters={},
        action_id="act_mine",
        depends_on=["act_0"],
        facts={"night": True},
        explanation="They are old",
    )
    assert verdict.deferral is not None
    host.add_evidence(verdict.deferral.id, field="maintenance_window", value="open", source="pager")
    host.cancel(verdict.decision_id)
    host.receipt("rct_2")
    host.end_session(session.session_id)
    assert [(one.method, one.path) for one in server.received] == [
        ("POST", "/api/v1/sessions"),
        ("POST", "/api/v1/sessions/ses_1/messages"),
        ("POST", "/api/v1/tools"),
        ("POST", "/decide"),
        ("POST", "/api/v1/deferrals/dfr_2/evidence"),
        ("POST", "/api/v1/decisions/dec_2/cancel"),
        ("GET", "/api/v1/receipts/rct_2"),
        ("POST", "/api/v1/sessions/ses_1/end"),
    ]
    assert [one.body for one in server.received[:5]] == [
        {"original_request": "Rotate the keys", "human": "alice@corp.example", "scope": ["credentials"]},
        {"role": "user", "text": "Now, please"},
        {"tools": [tool]},
        {
            "session_id": "ses_1",
            "action_id": "act_mine",
            "tool": "credentials",
            "operation": "rotate",
            "parameters": {},
            "depends_on": ["act_0"],
            "facts": {"night": True},
            "explanation": "They are old",
        },
        {"field": "maintenance_window", "value": "open", "source": "pager"},
    ]


def test_the_asyncio_client_asks_the_same(server: ContractServer) -> None:
    async def ask() -> Effective:
        async with AsyncClient(server.url, AGENT_KEY) as client:
            session = await client.open_session("Tell Bob")
            return (await client.decide("email.send", session_id=session.session_id, parameters={})).effective

    assert asyncio.run(ask()) is Effective.ALLOW
    assert [one.path for one in server.received] == ["/api/v1/sessions", "/decide"]


def test_a_name_without_operation_is_a_call_and_a_given_operation_is_not_split(client: Client) -> None:
    for tool, operation, sent in (("search", None, ("search", "call")), ("a.b", "c", ("a.b", "c"))):
        verdict = client.decide(tool, operation=operation, session_id="ses_1", parameters={})
        assert verdict.raw["reason"] == f"The rule for {sent[0] if sent[1] == 'call' else '.'.join(sent)} says ALLOW"


def test_a_busy_server_is_asked_again_under_the_same_key(server: ContractServer, client: Client) -> None:
    server.fail("decide", faults.problem(503, name="unavailable", Retry_After="0"), times=2)
    verdict = client.decide("email.send", session_id="ses_1", parameters={}, idempotency_key="idk_mine")
    assert verdict.effective is Effective.ALLOW
    assert [one.idempotency_key for one in server.requests("decide")] == ["idk_mine"] * 3


def test_what_might_have_happened_and_has_no_key_is_not_repeated(server: ContractServer, client: Client) -> None:
    assert client.open_session("Tell Bob").session_id
    for fault in (faults.dropped, faults.problem(503, name="unavailable")):
        server.received.clear()
        server.fail("sessions", fault, times=1)
        with pytest.raises(Unavailable):
            client.open_session("Tell Bob")
        assert len(server.received) == 1


def test_a_report_is_repeated_under_its_own_key(server: ContractServer, client: Client) -> None:
    server.fail("outcome", faults.dropped, times=1)
    client.report_outcome("dec_1", status=OutcomeStatus.UNKNOWN)
    [first, second] = server.requests("outcome")
    assert first.idempotency_key == second.idempotency_key is not None


def test_a_refusal_carries_the_servers_words(server: ContractServer, client: Client) -> None:
    server.fail("decide", faults.problem(422, name="idempotency_mismatch"))
    with pytest.raises(RefusedError) as caught:
        client.decide("email.send", session_id="ses_1", parameters={})
    error = caught.value
    assert (error.status, error.code, error.why, error.fix) == (422, "idempotency_mismatch", "It is so.", "Mend it.")
    assert str(error) == "It is so. Mend it."


def test_a_refusal_without_words_still_makes_a_sentence(server: ContractServer, client: Client) -> None:
    server.fail("decide", faults.status(403, b"<h1>Forbidden</h1>"))
    with pytest.raises(RefusedError, match="answered POST /decide with status 403"):
        client.decide("email.send", session_id="ses_1", parameters={})


def test_an_outage_says_what_the_server_asked_for(server: ContractServer, client: Client) -> None:
    server.fail("decide", faults.problem(503, name="draining", Retry_After="120"))
    with pytest.raises(Unavailable) as caught:
        client.decide("email.send", session_id="ses_1", parameters={})
    assert (caught.value.code, caught.value.status, caught.value.retry_after_seconds) == ("draining", 503, 120)
    assert len(server.requests("decide")) == 1


@pytest.mark.parametrize(("asked", "heard"), [("9" * 400, 3600), ("soon", None), ("-1", None)])
def test_an_unreasonable_retry_after_is_bounded(
    server: ContractServer, client: Client, asked: str, heard: float | None
) -> None:
    server.fail("sessions", faults.problem(503, name="unavailable", Retry_After=asked))
    with pytest.raises(Unavailable) as caught:
        client.open_session("Tell Bob")
    assert caught.value.retry_after_seconds == heard


def test_a_proxy_of_the_environment_does_not_stand_before_this_machine(
    server: ContractServer, closed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", closed_url)
    with Client(server.url, AGENT_KEY) as client:
        assert client.open_session("Tell Bob").session_id
    with Client("http://aarm.invalid", AGENT_KEY) as client, pytest.raises(Unavailable, match="refused"):
        client.open_session("Tell Bob")


def test_a_wrong_key_is_a_refusal(server: ContractServer) -> None:
    with Client(server.url, "aak_mallory") as client, pytest.raises(RefusedError) as caught:
        client.open_session("Tell Bob")
    assert caught.value.status == 401


def test_the_key_is_not_shown(server: ContractServer, client: Client) -> None:
    for shown in (repr(client), str(client.address), repr(AsyncClient(server.url, AGENT_KEY))):
        assert AGENT_KEY not in shown
        assert server.url in shown


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://aarm.corp.example", "http://"])
def test_an_address_that_is_none_is_said_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AARM_URL", raising=False)
    assert Client("https://aarm.corp.example", AGENT_KEY).address.url == "https://aarm.corp.example"
    with pytest.raises(ConfigurationError, match="address"):
        Client(url, AGENT_KEY)


@pytest.mark.parametrize("key", ["", "schlüssel", "aak_1\r\nX-Admin: 1"])
def test_a_key_that_is_none_is_said_at_once(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AARM_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="key"):
        Client("https://aarm.corp.example", key)


def test_an_id_that_names_another_resource_is_refused_before_anything_is_sent(
    server: ContractServer, client: Client
) -> None:
    client.cancel("dec_1")
    with pytest.raises(ConfigurationError, match="is not an id"):
        client.cancel("../sessions/ses_1")
    assert len(server.received) == 1


def test_parameters_that_are_not_json_are_refused_before_anything_is_sent(
    server: ContractServer, client: Client
) -> None:
    with pytest.raises(NotJsonError, match=r"action\.parameters\.to\[0\] is a set"):
        client.decide("email.send", session_id="ses_1", parameters={"to": [{"bob"}]})
    assert server.received == []


def test_both_clients_have_the_same_documented_methods() -> None:
    for name in METHODS:
        blocking: Callable[..., object] = getattr(Client, name)
        awaiting: Callable[..., object] = getattr(AsyncClient, name)
        assert inspect.getdoc(blocking) == inspect.getdoc(awaiting) is not None
        assert blocking.__name__ == awaiting.__name__ == name
        assert inspect.signature(blocking) == inspect.signature(awaiting)
        assert next(iter(inspect.signature(blocking).parameters)) == "self"
        assert "Flow" not in str(inspect.signature(blocking))
