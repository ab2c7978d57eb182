"""OpenAI: a tool call of Chat Completions, or an item of Responses that asks the client to run something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import Field, JsonValue

from decisions.engine.action import Action
from decisions.intake.shapes import Shape, action_of, not_a_call, read_arguments, read_shape
from receipts.signing.canonical import JSON


class _Function(Shape):
    name: str
    arguments: str


class _ChatFunction(Shape):
    type: Literal["function"]
    id: str
    function: _Function


class _Custom(Shape):
    name: str
    input: str


class _ChatCustom(Shape):
    type: Literal["custom"]
    id: str
    custom: _Custom


class _Item(Shape):
    """What the items of Responses have in common. None of it says what is called."""

    id: str | None = None
    call_id: str | None = None
    # A call that isn't complete has arguments that may have been cut off.
    status: Literal["completed"] | None = None
    is_async: bool | None = Field(default=None, alias="async")
    # Whether the model or a program of its own made the call.
    caller: dict[str, JsonValue] | None = None
    created_by: str | None = None


class _FunctionCall(_Item):
    type: Literal["function_call"]
    name: str
    arguments: str
    namespace: str | None = None


class _CustomCall(_Item):
    type: Literal["custom_tool_call"]
    name: str
    input: str
    namespace: str | None = None


class _LocalAction(Shape):
    type: Literal["exec"]
    command: list[str]
    env: dict[str, str] = Field(default_factory=dict)
    timeout_ms: int | None = None
    user: str | None = None
    working_directory: str | None = None


class _LocalShell(_Item):
    type: Literal["local_shell_call"]
    action: _LocalAction


class _ShellAction(Shape):
    commands: list[str]
    timeout_ms: int | None = None
    max_output_length: int | None = None


class _Shell(_Item):
    type: Literal["shell_call"]
    action: _ShellAction
    environment: dict[str, JsonValue] | None = None


class _PatchOperation(Shape):
    type: Literal["create_file", "update_file", "delete_file"]
    path: str
    diff: str | None = None


class _Patch(_Item):
    type: Literal["apply_patch_call"]
    operation: _PatchOperation


class _ServerTool(Shape):
    type: Literal["mcp_approval_request"]
    id: str
    server_label: str
    name: str
    arguments: str


def _chat_function(request: JSON) -> Action:
    function = read_shape(_ChatFunction, request).function
    parameters = read_arguments(function.arguments, at="function.arguments")
    return action_of(function.name, parameters, at="function.name")


def _chat_custom(request: JSON) -> Action:
    custom = read_shape(_ChatCustom, request).custom
    return action_of(custom.name, {"input": custom.input}, at="custom.name")


def _function_call(request: JSON) -> Action:
    call = read_shape(_FunctionCall, request)
    parameters = read_arguments(call.arguments, at="arguments")
    return action_of(call.name, parameters, at="name", under=call.namespace)


def _custom_call(request: JSON) -> Action:
    call = read_shape(_CustomCall, request)
    return action_of(call.name, {"input": call.input}, at="name", under=call.namespace)


def _local_shell(request: JSON) -> Action:
    action = read_shape(_LocalShell, request).action
    return Action("local_shell", "call", action.model_dump(exclude={"type"}, exclude_none=True))


def _shell(request: JSON) -> Action:
    call = read_shape(_Shell, request)
    parameters = call.action.model_dump(exclude_none=True)
    where = {"environment": call.environment} if call.environment else {}
    return Action("shell", "call", parameters | where)


def _patch(request: JSON) -> Action:
    operation = read_shape(_Patch, request).operation
    return Action("apply_patch", operation.type, operation.model_dump(exclude={"type"}, exclude_none=True))


def _server_tool(request: JSON) -> Action:
    call = read_shape(_ServerTool, request)
    parameters = read_arguments(call.arguments, at="arguments")
    return action_of(call.name, parameters, at="name", under=call.server_label)


_CALLS: Mapping[str, Callable[[JSON], Action]] = {
    "function": _chat_function,
    "custom": _chat_custom,
    "function_call": _function_call,
    "custom_tool_call": _custom_call,
    "local_shell_call": _local_shell,
    "shell_call": _shell,
    "apply_patch_call": _patch,
    "mcp_approval_request": _server_tool,
}


def action_from(request: dict[str, JSON]) -> Action:
    """What one call asks for: a function by its name and arguments, a tool of OpenAI's own by the name it has there.

    Raises `not_a_tool_call`, also for what OpenAI runs itself and for a whole message, `invalid_call`, `invalid_tool`.
    """
    kind = request.get("type")
    read = _CALLS.get(kind) if isinstance(kind, str) else None
    if read is None:
        fix = f"Send one call: an object whose `type` is one of {', '.join(_CALLS)}. Ask for each call on its own."
        raise not_a_call("This is no call that a client runs.", fix=fix, param="request.type")
    return read(request)
