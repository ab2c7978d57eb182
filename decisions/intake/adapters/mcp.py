"""The Model Context Protocol: one JSON-RPC request `tools/call`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue

from decisions.engine.action import Action
from decisions.intake.shapes import Shape, action_of, not_a_call, read_shape
from receipts.signing.canonical import JSON

METHOD = "tools/call"


class _Params(Shape):
    name: str
    arguments: dict[str, JsonValue] | None = None
    # How progress is reported and what the client is: nothing of what is called.
    meta: dict[str, JsonValue] | None = Field(default=None, alias="_meta")
    # Answers to what a server asked back about this very call, and where it was when it asked.
    inputResponses: dict[str, JsonValue] | None = None  # noqa: N815 - the protocol's own name
    requestState: str | None = None  # noqa: N815
    # A task runs the same call in the background.
    task: dict[str, JsonValue] | None = None


class _Request(Shape):
    jsonrpc: Literal["2.0"]
    id: int | str
    method: Literal["tools/call"]
    params: _Params


def action_from(request: dict[str, JSON]) -> Action:
    """The tool that a `tools/call` names, with its arguments.

    The protocol does not say to which server a request goes; a gateway that knows puts it before the name, with a dot.
    Raises `not_a_tool_call`, `invalid_call`, `invalid_tool`.
    """
    method: Any = request.get("method", METHOD)
    if method != METHOD:
        raise not_a_call("The method is not `tools/call`.", fix="Ask about calls of tools.", param="request.method")
    params = read_shape(_Request, request).params
    parameters: dict[str, JSON] = dict(params.arguments or {})
    return action_of(params.name, parameters, at="params.name")
