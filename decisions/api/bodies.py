"""The bodies of the agents' and hosts' doors. Pure; unknown fields are refused and nothing is coerced."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from approvals.lifecycle.questions import LONGEST_ANSWER
from receipts.access import KeyScope

Short = Annotated[str, Field(min_length=1, max_length=128)]
Text = Annotated[str, Field(max_length=100_000)]
# Numbers are not taken for times.
Moment = Annotated[AwareDatetime, BeforeValidator(lambda value: value if isinstance(value, str) else None)]
Names = Annotated[tuple[Short, ...], Field(max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _a_request_or_a_parent(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"required": ["original_request"]}, {"required": ["parent_session_id"]}]


class HopBody(_Body):
    """One hop from the human to the agent. Times are RFC 3339 with a zone."""

    delegator: Annotated[str, Field(min_length=1, max_length=254)]
    delegatee: Short
    scope: Names = ()
    issued_at: Moment
    expires_at: Moment


class SessionBody(_Body):
    """`POST /api/v1/sessions`. `human`, `agent`, `service`, `scope` and `delegation` are for hosts only.

    With `parent_session_id` everything may be left out, and what is sent can only narrow what the parent has.
    """

    model_config = ConfigDict(json_schema_extra=_a_request_or_a_parent)

    original_request: Text = ""
    human: Annotated[str, Field(max_length=254)] = ""
    agent: Annotated[str, Field(max_length=128)] = ""
    service: Annotated[str, Field(max_length=128)] = ""
    scope: Names = ()
    expected_scope: Names = ()
    intent: Annotated[str, Field(max_length=128)] = ""
    profile: Annotated[str, Field(max_length=64)] = ""
    delegation: Annotated[tuple[HopBody, ...], Field(max_length=16)] = ()
    max_data_classification: Annotated[str, Field(max_length=64)] = ""
    parent_session_id: Annotated[str, Field(max_length=64)] = ""

    @model_validator(mode="after")
    def _has_a_request(self) -> Self:
        if not self.model_fields_set & {"original_request", "parent_session_id"}:
            raise ValueError("original_request is missing")
        return self


class MessageBody(_Body):
    """`POST /api/v1/sessions/{id}/messages`."""

    role: Literal["user", "model"]
    text: Text


class ActionBody(_Body):
    """What an agent is about to run, as it says at the claim."""

    tool: Short
    operation: Annotated[str, Field(max_length=128)] = ""
    parameters: dict[str, Any]


class ClaimBody(_Body):
    """`POST /api/v1/decisions/{id}/claim`."""

    action_digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    action: ActionBody | None = None


class OutcomeBody(_Body):
    """`POST /api/v1/decisions/{id}/outcome`. The times are the agent's own and are kept as said."""

    status: Literal["succeeded", "failed", "unknown"]
    output: Any = None
    output_digest: Annotated[str, Field(max_length=128)] | None = None
    error: Annotated[str, Field(max_length=10_000)] | None = None
    resources: Annotated[tuple[Any, ...], Field(max_length=100)] = ()
    state_digests: dict[str, str] = Field(default_factory=dict, max_length=100)
    data_classification: Names = ()
    started_at: Annotated[str, Field(max_length=40)] | None = None
    completed_at: Annotated[str, Field(max_length=40)] | None = None


class AnswerBody(_Body):
    """`POST /api/v1/decisions/{id}/answers`: to a question that the decision's answer names."""

    question_id: Annotated[str, Field(pattern=r"^qst_", max_length=40)]
    answer: Annotated[str, Field(min_length=1, max_length=LONGEST_ANSWER)]


class EvidenceBody(_Body):
    """`POST /api/v1/deferrals/{id}/evidence`."""

    field: Short
    value: Any
    source: Annotated[str, Field(max_length=200)] = ""


class ToolBody(_Body):
    """One tool of an agent, as its host declares it. `parameters` is a JSON Schema."""

    name: Short
    effect: Literal["read", "write", "egress"]
    description: Annotated[str, Field(max_length=10_000)] = ""
    parameters: dict[str, Any] = Field(default_factory=dict)


class ToolsBody(_Body):
    """`POST /api/v1/tools`."""

    tools: Annotated[tuple[ToolBody, ...], Field(min_length=1, max_length=500)]


class PauseBody(_Body):
    """`POST /api/v1/pauses`. `name` is a team's name, an agent's name or id, a session's id."""

    scope: Literal["everything", "team", "agent", "session"]
    name: Annotated[str, Field(max_length=128)] = ""
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    confirm: Annotated[str, Field(max_length=32)] = ""


class SessionPauseBody(_Body):
    """`POST /api/v1/sessions/{id}/pause`."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class PolicyBody(_Body):
    """`POST /api/v1/policies`, `…/lint` and `…/proposals`. `files` are those that the policy includes, by name."""

    text: Annotated[str, Field(min_length=1, max_length=1_048_576)]
    source: Annotated[str, Field(min_length=1, max_length=200)] = "api"
    files: dict[Short, str] = Field(default_factory=dict, max_length=64)
    allow_empty: bool = False


class PolicyTrialBody(_Body):
    """`POST /api/v1/policies/test`. `given` is that of a case of the policy language."""

    text: Annotated[str, Field(min_length=1, max_length=1_048_576)]
    source: Annotated[str, Field(min_length=1, max_length=200)] = "api"
    files: dict[Short, str] = Field(default_factory=dict, max_length=64)
    given: dict[str, Any]


class _AgentFields(_Body):
    owner: Annotated[str, Field(max_length=150)] = ""
    environment: Literal["LIVE", "TEST"] = "LIVE"
    profile: Annotated[str, Field(max_length=64)] = ""
    drift_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    allowed_tools: Annotated[tuple[Short, ...], Field(max_length=500)] = ()


class AgentBody(_AgentFields):
    """`POST /api/v1/agents`. `owner` is a team."""

    name: Short


class AgentChangeBody(_AgentFields):
    """`POST /api/v1/agents/{id}`. What is left out stays as it is."""

    is_active: bool = True


class KeyBody(_Body):
    """`POST /api/v1/agents/{id}/keys`. Without `scopes` the key may do all that agents may, without days it stays."""

    scopes: Annotated[tuple[KeyScope, ...], Field(max_length=8)] = ()
    valid_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class RotationBody(_Body):
    """`POST /api/v1/agents/{id}/keys/{key}/rotate`. How long the old key still holds; by default a day."""

    overlap_seconds: Annotated[int, Field(ge=0, le=90 * 86400)] = 86400


class _IssuerFields(_Body):
    algorithms: Annotated[tuple[Short, ...], Field(min_length=1, max_length=16)] = ("RS256", "ES256")
    jwks_url: Annotated[str, Field(max_length=500)] = ""
    agent_claim: Annotated[str, Field(max_length=16)] = "azp"
    human_claim: Annotated[str, Field(max_length=32)] = "sub"
    scope_claim: Annotated[str, Field(max_length=16)] = "scope"
    required_scope: Annotated[str, Field(max_length=128)] = ""
    leeway_seconds: Annotated[int, Field(ge=0, le=300)] = 30
    introspection_url: Annotated[str, Field(max_length=500)] = ""
    introspection_client: Annotated[str, Field(max_length=200)] = ""
    is_active: bool = True


class IssuerBody(_IssuerFields):
    """`POST /api/v1/issuers`. `url` is the `iss` of its tokens, to the letter."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    url: Annotated[str, Field(min_length=1, max_length=500)]
    audience: Annotated[str, Field(min_length=1, max_length=200)]


class IssuerChangeBody(_IssuerFields):
    """`POST /api/v1/issuers/{id}`. What is left out stays as it is; name and address never change."""

    audience: Annotated[str, Field(min_length=1, max_length=200)] = ""


class ClientBody(_Body):
    """`POST /api/v1/issuers/{id}/clients`: `agent` by id or name."""

    client: Annotated[str, Field(min_length=1, max_length=200)]
    agent: Short


class RevocationBody(_Body):
    """`POST /api/v1/issuers/{id}/revocations`: one token by its `jti`, or a person by their `sub`."""

    kind: Literal["jti", "sub"]
    value: Annotated[str, Field(min_length=1, max_length=254)]
