"""The bodies of requests, as pydantic models: strict types, and no member that isn't named here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from decisions.intake.envelope import Protocol, action_in, observed_in
from decisions.intake.errors import IntakeError
from decisions.intake.names import DEFAULT_OPERATION, split_tool_name
from decisions.intake.observed import Observed

MOST_DEPENDENCIES = 64
MOST_FACTS = 64
LONGEST_EXPLANATION = 10_000

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")]
FactName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]

# An envelope says what is asked in another protocol's words; both at once would leave open which of them counts.
_ENVELOPE = ("protocol", "request")
_ACTION = ("tool", "operation", "parameters")


def _either_way(schema: dict[str, Any]) -> None:
    """An action comes by its own names or in an envelope, never both."""
    schema["required"] = ["session_id"]
    schema["oneOf"] = [
        {"required": ["tool"], "not": _any_of(_ENVELOPE)},
        {"required": [*_ENVELOPE], "not": _any_of(_ACTION)},
    ]
    for name in _ENVELOPE:
        schema["properties"][name] = {"title": name.title(), **_DESCRIBED[name]}


def _any_of(names: tuple[str, ...]) -> dict[str, Any]:
    return {"anyOf": [{"required": [name]} for name in names]}


_DESCRIBED: Mapping[str, dict[str, Any]] = {
    "protocol": {"type": "string", "enum": [*Protocol]},
    "request": {"type": "object", "additionalProperties": True},
}


class DecideBody(BaseModel):
    """The body of `POST /decide`, as read by the strict JSON profile.

    `tool`, `operation` and `parameters` come out as the canonical action, whichever way it was sent: by its own names
    or as another protocol's `request`, which is kept beside it. Members that were left out have their empty values.
    `facts` are the agent's word and no more, and no policy reads `explanation`. Validation raises pydantic's
    ValidationError, and IntakeError for what has a code of its own: `invalid_tool`, `invalid_operation`,
    `invalid_envelope` and what `action_in` raises.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, json_schema_extra=_either_way)

    session_id: Identifier
    action_id: Identifier | None = None
    tool: str
    operation: str = DEFAULT_OPERATION
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    protocol: Annotated[Protocol | None, Field(strict=False)] = None
    request: dict[str, JsonValue] | None = None
    # JSON has no tuples, so here alone a list is taken for one.
    depends_on: Annotated[tuple[Identifier, ...], Field(max_length=MOST_DEPENDENCIES, strict=False)] = ()
    facts: Annotated[dict[FactName, JsonValue], Field(max_length=MOST_FACTS)] = Field(default_factory=dict)
    explanation: Annotated[str, Field(max_length=LONGEST_EXPLANATION)] = ""

    @model_validator(mode="before")
    @classmethod
    def _with_one_action(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        if "protocol" in value or "request" in value:
            return _from_envelope(value)
        tool, operation = value.get("tool"), value.get("operation")
        if not isinstance(tool, str) or not isinstance(operation, str | None):
            return value
        tool, operation = split_tool_name(tool, operation)
        return {**value, "tool": tool, "operation": operation}


def _from_envelope(value: Mapping[Any, Any]) -> dict[Any, Any]:
    beside = [name for name in _ACTION if name in value] or [name for name in _ENVELOPE if name not in value]
    if beside:
        raise IntakeError(
            code="invalid_envelope",
            why="An envelope is `protocol` and `request` together, without an action of its own.",
            fix="Send both and no tool, operation or parameters; or these, and no envelope.",
            param=beside[0],
        )
    action = action_in(value["protocol"], value["request"])
    return {**value, "tool": action.tool, "operation": action.operation, "parameters": action.parameters}


class ObservationBody(BaseModel):
    """The body of `POST /api/v1/observations`: an envelope around what tells that a tool was run.

    Raises pydantic's ValidationError, and IntakeError with what `observed_in` raises.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    session_id: Identifier
    protocol: Literal["otel"]
    request: dict[str, JsonValue]

    @cached_property
    def observed(self) -> Observed:
        """What has run."""
        return observed_in(self.protocol, self.request)
