"""The bodies of requests, as pydantic models: strict types, no member that isn't named here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, model_validator

from decisions.intake.errors import IntakeError
from decisions.intake.names import split_tool_name

MOST_DEPENDENCIES = 64
MOST_FACTS = 64
LONGEST_EXPLANATION = 10_000

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")]
FactName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]

# Members of the envelope in which other protocols' requests will come.
_ENVELOPE = frozenset({"protocol", "request"})


class DecideBody(BaseModel):
    """The canonical body of `POST /decide`.

    After validation `tool` and `operation` are taken apart, `operation` is always there, and members that were left out
    have their empty values. `facts` are the agent's word and no more; `explanation` is never read by policy.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    session_id: Identifier
    action_id: Identifier | None = None
    tool: str
    operation: str = ""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    depends_on: tuple[Identifier, ...] = ()
    facts: dict[FactName, JsonValue] = Field(default_factory=dict)
    explanation: str = ""
