"""What may be guarded, with which arguments, and what guarding leaves as it was."""

from __future__ import annotations

from pathlib import PosixPath

import pytest

from aarm import ConfigurationError, Guard, NotJsonError
from tests.unit.sdk.contract_server import ContractServer


def test_an_argument_that_is_not_json_is_refused_before_anything_is_sent(server: ContractServer, guard: Guard) -> None:
    runs: list[object] = []

    @guard("files.attach")
    def attach(path: object) -> None:
        runs.append(path)

    with guard.session(session_id="ses_1"):
        attach("report.pdf")
        sent = len(server.received)
        with pytest.raises(NotJsonError, match=r"parameters\.path is a PosixPath, which JSON cannot carry"):
            attach(PosixPath("report.pdf"))
    assert runs == ["report.pdf"]
    assert len(server.received) == sent


def test_a_call_outside_a_session_is_refused_before_anything_is_sent(server: ContractServer, guard: Guard) -> None:
    @guard("email.send")
    def send() -> str:
        return "sent"

    with guard.session(session_id="ses_1"):
        assert send() == "sent"
    sent = len(server.received)
    with pytest.raises(ConfigurationError, match="outside a session"):
        send()
    assert len(server.received) == sent


def test_a_guard_refuses_what_it_could_not_guard(guard: Guard) -> None:
    def steps() -> object:
        yield "one"

    async def async_steps() -> object:
        yield "one"

    for function in (steps, async_steps):
        with pytest.raises(ConfigurationError, match="generator"):
            guard("email.send")(function)
    with pytest.raises(ConfigurationError, match="effect"):
        guard("email.send", effect="harmless")
    with pytest.raises(ConfigurationError, match="wait"):
        guard("email.send", wait="forever")(lambda: None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="wait"):
        Guard(wait="never")  # type: ignore[arg-type]
    with pytest.raises(NotJsonError, match="name of a tool"):
        guard("email.")


def test_the_guard_keeps_name_documentation_and_signature(guard: Guard) -> None:
    @guard("email.send", effect="external")
    def send(to: str, copies: int = 1) -> str:
        """Sends a message."""
        return to * copies

    assert send.__name__ == "send"
    assert guard.tools() == [
        {
            "name": "email.send",
            "description": "Sends a message.",
            "effect": "egress",
            "parameters": {
                "type": "object",
                "properties": {"to": {"type": "string"}, "copies": {"type": "integer"}},
                "required": ["to"],
                "additionalProperties": False,
            },
        }
    ]
