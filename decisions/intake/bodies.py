"""The bodies of requests, as pydantic models: strict types, and no member that isn't named here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from decisions.intake.errors import IntakeError
from decisions.intake.names import DEFAULT_OPERATION, split_tool_name

MOST_DEPENDENCIES = 64
MOST_FACTS = 64
LONGEST_EXPLANATION = 10_000

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")]
FactName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]

# The members of an envelope around another protocol's request.
_ENVELOPE = frozenset({"protocol", "request"})


class DecideBody(BaseModel):
    """The canonical body of `POST /decide`, as read by the strict JSON profile.

    `tool` and `operation` come out taken apart, whichever way they were sent; members that were left out have their
    empty values. `facts` are the agent's word and no more, and no policy reads `explanation`. Validation raises
    pydantic's ValidationError, and IntakeError for what has a code of its own: `invalid_tool`, `invalid_operation`,
    `envelope_not_supported`.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    session_id: Identifier
    action_id: Identifier | None = None
    tool: str
    operation: str = DEFAULT_OPERATION
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    # JSON has no tuples, so here alone a list is taken for one.
    depends_on: Annotated[tuple[Identifier, ...], Field(max_length=MOST_DEPENDENCIES, strict=False)] = ()
    facts: Annotated[dict[FactName, JsonValue], Field(max_length=MOST_FACTS)] = Field(default_factory=dict)
    explanation: Annotated[str, Field(max_length=LONGEST_EXPLANATION)] = ""

    @model_validator(mode="before")
    @classmethod
    def _with_names_apart(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        _refuse_envelope(value)
        tool, operation = value.get("tool"), value.get("operation")
        if not isinstance(tool, str) or not isinstance(operation, str | None):
            return value
        tool, operation = split_tool_name(tool, operation)
        return {**value, "tool": tool, "operation": operation}


def _refuse_envelope(value: Mapping[object, object]) -> None:
    found = sorted(str(name) for name in _ENVELOPE & value.keys())
    if found:
        raise IntakeError(
            code="envelope_not_supported",
            why="Requests of other protocols are not taken in an envelope.",
            fix="Send tool, operation and parameters themselves.",
            param=found[0],
        )
