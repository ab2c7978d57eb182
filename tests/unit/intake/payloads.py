"""Calls as the libraries themselves make them. Each asks for the same: `email.send` with `PARAMETERS`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from anthropic.types import ToolUseBlock
from google.protobuf.json_format import MessageToDict
from langchain_core.messages import AIMessage
from mcp_types import CallToolRequest, CallToolRequestParams, JSONRPCRequest
from openai.types.chat import ChatCompletionMessageCustomToolCall, ChatCompletionMessageFunctionToolCall
from openai.types.chat.chat_completion_message_custom_tool_call import Custom
from openai.types.chat.chat_completion_message_function_tool_call import Function
from openai.types.responses import (
    ResponseApplyPatchToolCall,
    ResponseCustomToolCall,
    ResponseFunctionShellToolCall,
    ResponseFunctionToolCall,
)
from openai.types.responses.response_apply_patch_tool_call import OperationDeleteFile
from openai.types.responses.response_function_shell_tool_call import Action as ShellAction
from openai.types.responses.response_output_item import LocalShellCall, LocalShellCallAction, McpApprovalRequest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic_ai import Agent, ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.capabilities.instrumentation import Instrumentation
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.instrumented import InstrumentationSettings

NAME = "email.send"
PARAMETERS: dict[str, Any] = {"to": "ana@partner.example", "n": 1, "deep": [True, None, {"x": 2.5}]}
TEXT = json.dumps(PARAMETERS)


def mcp_call(name: str = NAME, arguments: dict[str, Any] | None = PARAMETERS) -> dict[str, Any]:
    """As a client of the protocol's newest version writes it on the wire."""
    params = CallToolRequestParams.model_validate(
        {"name": name, "arguments": arguments, "_meta": {"progressToken": "t1"}}
    )
    request = CallToolRequest(params=params).model_dump(by_alias=True, mode="json", exclude_none=True)
    whole = JSONRPCRequest(jsonrpc="2.0", id=7, method=request["method"], params=request["params"])
    return whole.model_dump(by_alias=True, mode="json", exclude_none=True)


def chat_call(name: str = NAME, arguments: str = TEXT) -> dict[str, Any]:
    function = Function(name=name, arguments=arguments)
    return ChatCompletionMessageFunctionToolCall(id="call_1", function=function, type="function").to_dict()


def chat_custom_call() -> dict[str, Any]:
    custom = Custom(name="notes.add", input="Buy milk.")
    return ChatCompletionMessageCustomToolCall(id="call_1", custom=custom, type="custom").to_dict()


def responses_call(name: str = NAME, *, namespace: str | None = None, **more: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {"name": name, "arguments": TEXT, "namespace": namespace, "status": "completed", **more}
    return ResponseFunctionToolCall(call_id="call_1", id="fc_1", type="function_call", **whole).to_dict()


def responses_custom_call() -> dict[str, Any]:
    call = ResponseCustomToolCall(call_id="call_1", name="notes.add", input="Buy milk.", type="custom_tool_call")
    return call.to_dict()


def local_shell_call() -> dict[str, Any]:
    action = LocalShellCallAction(command=["ls", "-l"], env={}, type="exec", working_directory="/srv")
    whole: dict[str, Any] = {"id": "lsh_1", "call_id": "call_1", "status": "completed", "type": "local_shell_call"}
    return LocalShellCall(action=action, **whole).to_dict()


def shell_call() -> dict[str, Any]:
    action = ShellAction(commands=["ls", "pwd"], timeout_ms=1000)
    whole: dict[str, Any] = {"id": "sh_1", "call_id": "call_1", "status": "completed", "type": "shell_call"}
    return ResponseFunctionShellToolCall(action=action, **whole).to_dict()


def patch_call() -> dict[str, Any]:
    operation = OperationDeleteFile(path="notes.txt", type="delete_file")
    whole: dict[str, Any] = {"id": "apc_1", "call_id": "call_1", "status": "completed", "type": "apply_patch_call"}
    return ResponseApplyPatchToolCall(operation=operation, **whole).to_dict()


def approval_request() -> dict[str, Any]:
    item = McpApprovalRequest(
        id="mcpr_1", arguments=TEXT, name="send", server_label="email", type="mcp_approval_request"
    )
    return item.to_dict()


def anthropic_call(name: str = NAME, **more: Any) -> dict[str, Any]:
    return ToolUseBlock(id="toolu_1", input=PARAMETERS, name=name, type="tool_use", **more).to_dict()


def langchain_call(name: str = NAME) -> dict[str, Any]:
    message = AIMessage(content="", tool_calls=[{"name": name, "args": PARAMETERS, "id": "call_1"}])
    (call,) = message.tool_calls
    return dict(call)


def hook(name: str = NAME, tool_input: dict[str, Any] | None = None) -> dict[str, Any]:
    """What Claude Code gives a hook on standard input; it has no library to make one with."""
    return {
        "session_id": "8c35adc1",
        "transcript_path": "/home/dev/.claude/projects/shop/8c35adc1.jsonl",
        "cwd": "/home/dev/shop",
        "permission_mode": "default",
        "effort": {"level": "medium"},
        "hook_event_name": "PreToolUse",
        "tool_name": name,
        "tool_input": PARAMETERS if tool_input is None else tool_input,
        "tool_use_id": "toolu_1",
    }


def _finished_span(name: str, **attributes: Any) -> ReadableSpan:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    said = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": "call_1"}
    with provider.get_tracer("agent").start_as_current_span(f"execute_tool {name}", attributes=said | attributes):
        pass
    (span,) = exporter.get_finished_spans()
    return span


def _written_as_json(span: ReadableSpan) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(span.to_json())
    return written


def _sent_as_json(span: ReadableSpan) -> dict[str, Any]:
    request = MessageToDict(encode_spans([span]))
    sent: dict[str, Any] = request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    return sent


def sdk_span(name: str = NAME, arguments: str = TEXT, **more: Any) -> dict[str, Any]:
    """A span as OpenTelemetry's SDK writes it."""
    return _written_as_json(_finished_span(name, **{"gen_ai.tool.call.arguments": arguments, **more}))


def otlp_span(name: str = NAME, arguments: str = TEXT) -> dict[str, Any]:
    """The same as an exporter sends it, in JSON."""
    return _sent_as_json(_finished_span(name, **{"gen_ai.tool.call.arguments": arguments}))


def agents_spans() -> Iterator[dict[str, Any]]:
    """What the instrumentation of an agent framework says of one call that its agent has run, in both forms."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        asks = ToolCallPart(NAME, PARAMETERS, tool_call_id="call_1")
        return ModelResponse(parts=[asks if len(messages) == 1 else TextPart("Sent.")])

    settings = InstrumentationSettings(tracer_provider=provider)
    agent = Agent(FunctionModel(model), capabilities=[Instrumentation(settings=settings)])

    @agent.tool_plain(name=NAME)
    def send(to: str, n: int, deep: list[Any]) -> str:
        return f"Sent to {to}."

    agent.run_sync("Send it.")
    (span,) = (each for each in exporter.get_finished_spans() if each.name.startswith("execute_tool"))
    yield _written_as_json(span)
    yield _sent_as_json(span)
