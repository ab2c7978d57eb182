"""Whose session a guarded call belongs to."""

from __future__ import annotations

import asyncio
import threading

import pytest

from aarm import AsyncClient, Client, ConfigurationError, Guard
from tests.unit.sdk import faults
from tests.unit.sdk.contract_server import AGENT_KEY, HOST_KEY, ContractServer

ASKED = {"request": "Tell Bob", "human": "alice@corp.example", "agent": "demo-agent", "host_key": HOST_KEY}


def test_a_host_opens_and_ends_the_session_and_the_agent_asks(server: ContractServer, guard: Guard) -> None:
    @guard("email.send")
    def send() -> None: ...

    with guard.session(**ASKED) as session:
        assert session.request_provenance == "attested"
        send()
    assert [(one.name, one.key) for one in server.received] == [
        ("sessions", HOST_KEY),
        ("decide", AGENT_KEY),
        ("outcome", AGENT_KEY),
        ("end", HOST_KEY),
    ]
    assert server.requests("sessions")[0].body == {
        "original_request": "Tell Bob",
        "human": "alice@corp.example",
        "agent": "demo-agent",
    }
    assert server.requests("decide")[0].body["session_id"] == session.session_id


def test_the_same_with_asyncio(server: ContractServer) -> None:
    async def run() -> None:
        async with AsyncClient(server.url, AGENT_KEY) as client:
            guard = Guard(async_client=client)

            @guard("email.send")
            async def send() -> None: ...

            async with guard.session(**ASKED):
                await send()

    asyncio.run(run())
    assert [one.name for one in server.received] == ["sessions", "decide", "outcome", "end"]


def test_an_agents_own_session_is_asserted_and_not_ended_by_it(server: ContractServer, guard: Guard) -> None:
    with guard.session(request="Tell Bob") as session:
        assert session.request_provenance == "asserted"
    assert [one.name for one in server.received] == ["sessions"]


def test_inner_sessions_give_way_to_outer_ones(server: ContractServer, guard: Guard) -> None:
    @guard("email.send")
    def send() -> None: ...

    with guard.session(session_id="ses_outer"):
        with guard.session(session_id="ses_inner"):
            send()
        send()
    assert [one.body["session_id"] for one in server.requests("decide")] == ["ses_inner", "ses_outer"]


def test_concurrent_tasks_keep_their_own_sessions(server: ContractServer, guard: Guard) -> None:
    @guard("email.send")
    async def send(to: str) -> str:
        return to

    async def act(name: str) -> None:
        async with guard.session(session_id=f"ses_{name}"):
            await asyncio.gather(send(name), send(name))

    async def run() -> None:
        await asyncio.gather(act("alice"), act("bob"))

    asyncio.run(run())
    asked = sorted((one.body["session_id"], one.body["parameters"]["to"]) for one in server.requests("decide"))
    assert asked == [("ses_alice", "alice")] * 2 + [("ses_bob", "bob")] * 2


def test_a_new_thread_has_no_session(server: ContractServer, guard: Guard) -> None:
    found: list[BaseException] = []

    @guard("email.send")
    def send() -> None: ...

    def run() -> None:
        try:
            send()
        except ConfigurationError as error:
            found.append(error)

    with guard.session(session_id="ses_1"):
        send()
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert len(found) == 1
    assert len(server.requests("decide")) == 1


def test_a_session_that_cannot_be_ended_is_logged_and_hides_nothing(
    server: ContractServer, guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("end", faults.problem(503, name="unavailable"))
    with pytest.raises(KeyError, match="inside"), guard.session(**ASKED):
        raise KeyError("inside")
    assert "was not ended" in caplog.text


def test_nobody_but_a_host_says_who_the_human_is(server: ContractServer, guard: Guard) -> None:
    with guard.session(**ASKED):
        pass
    sent = len(server.received)
    with pytest.raises(ConfigurationError, match="Only a host"):
        guard.session(request="Tell Bob", human="alice@corp.example")
    with pytest.raises(ConfigurationError, match="Only a host"):
        guard.session(session_id="ses_1", human="alice@corp.example", host_key=HOST_KEY)
    for wrong in ({}, {"request": "Tell Bob", "session_id": "ses_1"}):
        with pytest.raises(ConfigurationError, match="either the request"):
            guard.session(**wrong)
    assert len(server.received) == sent


def test_a_guard_reads_the_environment_at_its_first_call(
    server: ContractServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = Guard()

    @guard("email.send")
    def send() -> str:
        return "sent"

    monkeypatch.delenv("AARM_URL", raising=False)
    with pytest.raises(ConfigurationError, match="address of a server"), guard.session(session_id="ses_1"):
        send()
    monkeypatch.setenv("AARM_URL", server.url + "/")
    monkeypatch.setenv("AARM_KEY", AGENT_KEY)
    with guard.session(session_id="ses_1"):
        assert send() == "sent"


def test_one_client_serves_sync_and_async_functions(server: ContractServer, client: Client) -> None:
    guard = Guard(client)

    @guard("email.send")
    async def send() -> str:
        return "sent"

    async def run() -> str:
        with guard.session(session_id="ses_1"):
            return await send()

    assert asyncio.run(run()) == asyncio.run(run()) == "sent"
