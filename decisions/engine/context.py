"""What the engine may know beside the action: the session's accumulated state and where each piece came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from receipts.signing.canonical import JSON


class Trust(StrEnum):
    """Who vouches for a value: the host, a resolver or a user (attested), or only the agent itself (asserted)."""

    ATTESTED = "attested"
    ASSERTED = "asserted"


class ToolEffect(StrEnum):
    """What a tool's registration says that it does to the world."""

    READ = "read"
    WRITE = "write"
    EGRESS = "egress"


class Taint(StrEnum):
    """Where untrusted content came from: what a tool gave back, or what a model said."""

    TOOL_OUTPUT = "tool_output"
    MODEL_TEXT = "model_text"


class Environment(StrEnum):
    """Whether an action touches the real world."""

    TEST = "TEST"
    LIVE = "LIVE"


# Risk signals that are as good as what the session was opened with, and as trustworthy: an agent that may say what it
# was asked for could say what it is about to do.
SIGNALS_OF_REQUEST = frozenset(
    {"semantic_distance", "cumulative_distance", "drift_detected", "alignment", "scope_expansion"}
)
# The moment of a decision that names none: that of the language document's cases.
STANDARD_MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fact:
    """A named value about the world. `source` says who supplied it, `recorded_at` when (aware, UTC).

    `recorded_count` is the session's `action_count` at that moment. `is_conflicting` says that sources of this trust
    have said different things, so that `value` is only one of them.
    """

    value: JSON
    trust: Trust
    source: str
    recorded_at: datetime
    recorded_count: int = 0
    is_conflicting: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts and for whom, as it was authenticated. `human_verified`: the human was named by more than the agent.

    `effective_scope` are the scopes that are left after `delegation_depth` hops between the human and the agent.
    """

    agent: str = "agent"
    human: str | None = None
    service: str | None = None
    host: str | None = None
    effective_scope: frozenset[str] = frozenset()
    delegation_depth: int = 0
    human_verified: bool = False
    environment: str = Environment.TEST


@dataclass(frozen=True, slots=True)
class Context:
    """A session as one decision sees it; its size doesn't grow with the session.

    `original_request` is the user's first request, None where the session has none; likewise `intent` and `profile`,
    which the session was opened with. `data_kinds` are the kinds of data that it has touched (`PII`, `PCI`, …),
    `tools_used` its `tool.operation` names, `entities` the people and places that it has named, of which the oldest are
    kept, and `taint` where untrusted content in it came from (`Taint`); these are always populated, an empty set is not
    a missing one. `session_age` is in seconds. `registered_effect` is a `ToolEffect` from a host's registration, None
    for a tool that none named; `inner_effects` those of what is called inside the action, by folded `tool.operation`.
    `at` is when the decision is made (aware, UTC), `risk_signals` what was computed, by name, and `counted` what rates
    and budgets of rules have counted before this action, by rule id; a rule that is not there has counted nothing.
    """

    original_request: str | None
    request_trust: Trust
    facts: Mapping[str, Fact]
    data_kinds: frozenset[str]
    tools_used: frozenset[str]
    action_count: int
    registered_effect: str | None = None
    at: datetime = STANDARD_MOMENT
    intent: str | None = None
    profile: str | None = None
    entities: frozenset[str] = frozenset()
    taint: frozenset[str] = frozenset()
    session_age: int = 0
    identity: Identity = Identity()
    risk_signals: Mapping[str, JSON] = field(default_factory=dict)
    counted: Mapping[str, int | float] = field(default_factory=dict)
    inner_effects: Mapping[str, str] = field(default_factory=dict)


def trusted_signal(context: Context, *, name: str) -> JSON:
    """A risk signal, None where only the agent vouches for what it follows from."""
    if name in SIGNALS_OF_REQUEST and context.request_trust is not Trust.ATTESTED:
        return None
    return context.risk_signals.get(name)
