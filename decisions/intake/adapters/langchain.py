"""LangChain: one entry of `tool_calls` of an AIMessage."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from decisions.engine.action import Action
from decisions.intake.shapes import Shape, action_of, not_a_call, read_shape
from receipts.signing.canonical import JSON


class _ToolCall(Shape):
    name: str
    args: dict[str, JsonValue]
    id: str | None = None
    type: Literal["tool_call"] = "tool_call"


def action_from(request: dict[str, JSON]) -> Action:
    """The tool that a call names, with its arguments.

    Raises `not_a_tool_call`, also for an `invalid_tool_call`, which LangChain could not read either, `invalid_call`,
    `invalid_tool`.
    """
    if request.get("type", "tool_call") != "tool_call":
        fix = "Send one entry of `tool_calls`. Ask for each entry on its own."
        raise not_a_call("This is no tool call.", fix=fix, param="request.type")
    call = read_shape(_ToolCall, request)
    return action_of(call.name, call.args, at="name")
