"""Requests of other protocols: which there are, and the adapter of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from decisions.engine.action import Action
from decisions.intake.adapters import anthropic, claude_code, http, langchain, mcp, openai, otel
from decisions.intake.errors import IntakeError
from decisions.intake.observed import Observed
from decisions.intake.shapes import not_a_call
from receipts.signing.canonical import JSON


class Protocol(StrEnum):
    """Whose request an envelope carries."""

    MCP = "mcp"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    LANGCHAIN = "langchain"
    HTTP = "http"
    CLAUDE_CODE = "claude-code"


ADAPTERS: Mapping[Protocol, Callable[[dict[str, JSON]], Action]] = {
    Protocol.MCP: mcp.action_from,
    Protocol.OPENAI: openai.action_from,
    Protocol.ANTHROPIC: anthropic.action_from,
    Protocol.LANGCHAIN: langchain.action_from,
    Protocol.HTTP: http.action_from,
    Protocol.CLAUDE_CODE: claude_code.action_from,
}


# What only tells that something has run. It is observed, and no answer to it permits anything.
OBSERVERS: Mapping[str, Callable[[dict[str, JSON]], Observed]] = {"otel": otel.observed_in}


def observed_in(protocol: object, request: object) -> Observed:
    """What a request says has run. Pure and total: an Observed, or an IntakeError as of `action_in`."""
    if not isinstance(protocol, str) or protocol not in OBSERVERS:
        raise IntakeError(
            code="unknown_protocol",
            why="Nothing is observed by this protocol.",
            fix=f"Use one of {', '.join(OBSERVERS)}; ask about an action before it runs at POST /decide.",
            param="protocol",
        )
    return OBSERVERS[protocol](_object(request))


def _object(request: object) -> dict[str, JSON]:
    if isinstance(request, list):
        raise not_a_call("This is a list, not a call.", fix="Send each on its own.")
    if not isinstance(request, dict):
        raise IntakeError(
            code="invalid_envelope",
            why="`request` is no JSON object.",
            fix="Send the request as the protocol has it.",
            param="request",
        )
    return request


def action_in(protocol: object, request: object) -> Action:
    """The one action that a request asks for. Pure and total: an Action, or an IntakeError.

    `invalid_envelope` for what is no envelope, `unknown_protocol`, `not_a_tool_call` for another kind of message or
    several calls, `invalid_call` for a call that isn't sound, `invalid_tool` for a name outside the grammar.
    """
    if not isinstance(protocol, str) or protocol not in ADAPTERS:
        raise IntakeError(
            code="unknown_protocol",
            why="Requests of this protocol are not taken.",
            fix=f"Use one of {', '.join(ADAPTERS)}, or send tool, operation and parameters themselves. "
            "What has run already is observed, at POST /api/v1/observations.",
            param="protocol",
        )
    return ADAPTERS[Protocol(protocol)](_object(request))
