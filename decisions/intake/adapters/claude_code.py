"""Claude Code: the JSON that a `PreToolUse` hook is given."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, JsonValue

from decisions.engine.action import Action
from decisions.intake.shapes import Shape, action_of, not_a_call, read_shape
from receipts.signing.canonical import JSON

EVENT = "PreToolUse"
_SERVER_TOOL = "mcp__"


class _Hook(Shape):
    # Beside the call a hook is told where it runs, and each release tells it more; the call is these two members.
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    hook_event_name: Literal["PreToolUse"]
    tool_name: str
    tool_input: dict[str, JsonValue]


def action_from(request: dict[str, JSON]) -> Action:
    """The tool that is about to run, with its input; `mcp__SERVER__TOOL` is the tool of that server.

    Raises `not_a_tool_call`, `invalid_call`, `invalid_tool`.
    """
    if request.get("hook_event_name") != EVENT:
        fix = "Ask from a PreToolUse hook: the other events come when nothing is about to run."
        raise not_a_call("This is no call of a tool.", fix=fix, param="request.hook_event_name")
    hook = read_shape(_Hook, request)
    server, _, name = hook.tool_name.removeprefix(_SERVER_TOOL).partition("__")
    if hook.tool_name.startswith(_SERVER_TOOL) and server and name:
        return action_of(name, hook.tool_input, at="tool_name", under=server)
    return action_of(hook.tool_name, hook.tool_input, at="tool_name")
