"""OpenTelemetry: a span of the GenAI conventions that says that a tool was run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, JsonValue

from decisions.intake.observed import Observed
from decisions.intake.shapes import Shape, action_of, invalid_call, not_a_call, read_arguments, read_shape
from receipts.signing.canonical import JSON

OPERATION, EXECUTE = "gen_ai.operation.name", "execute_tool"
NAME, ARGUMENTS, CALL = "gen_ai.tool.name", "gen_ai.tool.call.arguments", "gen_ai.tool.call.id"


class _SpanContext(Shape):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    trace_id: str
    span_id: str


class _Span(Shape):
    """As the SDK writes a span, or as OTLP does in JSON. Telemetry says much else, and more with each release."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    attributes: dict[str, JsonValue] | list[dict[str, JsonValue]]
    context: _SpanContext | None = None
    trace_id: str = Field(default="", alias="traceId")
    span_id: str = Field(default="", alias="spanId")


def observed_in(request: dict[str, JSON]) -> Observed:
    """What a span `execute_tool` says was run; without recorded arguments there are no parameters.

    Raises `not_a_tool_call`, `invalid_call`, `invalid_tool`.
    """
    span = read_shape(_Span, request)
    attributes = span.attributes if isinstance(span.attributes, dict) else _from_otlp(span.attributes)
    if attributes.get(OPERATION) != EXECUTE:
        fix = f"Send spans whose `{OPERATION}` is `{EXECUTE}`."
        raise not_a_call("This span is not about a tool that was run.", fix=fix, param="request.attributes")
    name, call = attributes.get(NAME), attributes.get(CALL)
    if not isinstance(name, str) or not isinstance(call, str | None):
        raise invalid_call("The span does not name the tool.", at=["attributes", NAME])
    trace_id, span_id = (span.context.trace_id, span.context.span_id) if span.context else (span.trace_id, span.span_id)
    if not trace_id or not span_id:
        raise invalid_call("The span has no ids.", at=["context"])
    action = action_of(name, _arguments(attributes.get(ARGUMENTS)), at=f"attributes.{NAME}")
    return Observed(action, key=f"{trace_id}/{span_id}"[:LONGEST_KEY], call=call)


LONGEST_KEY = 150


def _arguments(value: JSON) -> Mapping[str, JSON]:
    if isinstance(value, str):
        return read_arguments(value, at=f"attributes.{ARGUMENTS}")
    if value is not None and not isinstance(value, dict):
        raise invalid_call("The arguments are no JSON object.", at=["attributes", ARGUMENTS])
    return value or {}


def _from_otlp(attributes: list[dict[str, Any]]) -> dict[str, JSON]:
    """Attributes as OTLP lists them."""
    return {str(each.get("key")): _value(each.get("value")) for each in attributes}


def _value(value: Any) -> JSON:
    """The one member of an OTLP value; lists and maps are taken apart."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((kind, inner),) = value.items()
    items = inner.get("values", []) if isinstance(inner, dict) else []
    if kind == "kvlistValue" and all(isinstance(each, dict) for each in items):
        return _from_otlp(items)
    if kind == "arrayValue" and isinstance(items, list):
        return [_value(each) for each in items]
    if kind == "intValue" and isinstance(inner, str) and inner.lstrip("-").isdigit():
        return int(inner)
    return inner if isinstance(inner, str | int | float | bool) else None
