"""Anthropic: one `tool_use` block of a message."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from decisions.engine.action import Action
from decisions.intake.shapes import Shape, action_of, not_a_call, read_shape
from receipts.signing.canonical import JSON


class _ToolUse(Shape):
    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, JsonValue]
    toolset_name: str | None = None
    # Whether the model or a program of its own made the call, and how the block is cached.
    caller: dict[str, JsonValue] | None = None
    cache_control: dict[str, JsonValue] | None = None


def action_from(request: dict[str, JSON]) -> Action:
    """The tool that a block names, with its input; a member of a toolset stands under the toolset's name.

    Raises `not_a_tool_call`, also for tools that Anthropic runs itself and for a whole message, `invalid_call`,
    `invalid_tool`.
    """
    if request.get("type") != "tool_use":
        fix = "Send one block of the type `tool_use`. Ask for each block on its own."
        raise not_a_call("This is no call that a client runs.", fix=fix, param="request.type")
    call = read_shape(_ToolUse, request)
    return action_of(call.name, call.input, at="name", under=call.toolset_name)
