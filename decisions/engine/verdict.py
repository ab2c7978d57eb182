"""What the engine answers, and the one place where an answer turns into permission to run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from receipts.signing.canonical import JSON


class Decision(StrEnum):
    """AARM's five decisions, from the most permissive to the strictest."""

    ALLOW = "ALLOW"
    MODIFY = "MODIFY"
    STEP_UP = "STEP_UP"
    DEFER = "DEFER"
    DENY = "DENY"


class Effective(StrEnum):
    """What a decision amounts to right now for the agent that waits for it."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    PENDING = "PENDING"


class Classification(StrEnum):
    """AARM's classes of actions (Intent consistency)."""

    FORBIDDEN = "forbidden"
    CONTEXT_DEPENDENT_DENY = "context_dependent_deny"
    CONTEXT_DEPENDENT_ALLOW = "context_dependent_allow"
    CONTEXT_DEPENDENT_DEFER = "context_dependent_defer"


class RiskLevel(StrEnum):
    """How bad a wrong answer would be, as the policy's author judges it."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class ReasonCode(StrEnum):
    """Why a decision came out as it did, for programs. Those after `POLICY_BUDGET` are given by the services."""

    RULE_MATCHED = "rule_matched"
    DEFAULT_POSTURE = "default_posture"
    FORBIDDEN = "forbidden"
    MISSING_CONTEXT = "missing_context"
    RULE_CONFLICT = "rule_conflict"
    MODIFICATION_NOT_STABLE = "modification_not_stable"
    POLICY_BUDGET = "policy_budget"
    DEPENDENCY_PENDING = "dependency_pending"
    DEPENDENCY_DENIED = "dependency_denied"
    IDENTITY_UNVERIFIED = "identity_unverified"
    CONTEXT_INTEGRITY = "context_integrity"
    NO_ELIGIBLE_REVIEWER = "no_eligible_reviewer"
    EVALUATION_ERROR = "evaluation_error"


class Truth(StrEnum):
    """The value of a condition in three-valued logic, as a trace shows it."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class ConditionResult(NamedTuple):
    """One comparison of one rule and how it came out. Values are left out: a trace may be read by more people."""

    rule_id: str
    field: str
    operator: str
    result: Truth


@dataclass(frozen=True, slots=True)
class Modification:
    """One parameter that a MODIFY rule changed. `path` is a JSON pointer; `before` is None where nothing was there."""

    path: str
    before: JSON
    after: JSON
    rule_id: str


@dataclass(frozen=True, slots=True)
class Stage:
    """`count` distinct people of `group` have to approve."""

    group: str
    count: int


@dataclass(frozen=True, slots=True)
class Route:
    """Who is asked, for how long, about what risk. Every stage must be satisfied; silence denies."""

    stages: tuple[Stage, ...]
    timeout_seconds: int
    risk_level: RiskLevel


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says about one action in one context.

    `parameters` are the final ones, with every modification applied; nested values are shared with the action and must
    not be changed. `route` is there for STEP_UP only. `timeout_seconds` is there for STEP_UP and DEFER; then DENY.
    `context_needed` names what a DEFER waits for: bare names are facts, `parameters.x` and `context.x` are fields.
    `labels` are the kinds of data that the session has touched if this action goes on. `conditions` covers the rules
    that decided: those that matched, and those whose unknown condition held the ruling back.
    """

    decision: Decision
    reason: str
    reason_code: ReasonCode
    rule_id: str | None
    classification: Classification | None
    risk_level: RiskLevel
    parameters: dict[str, JSON]
    modifications: tuple[Modification, ...]
    matched_rules: tuple[str, ...]
    route: Route | None
    context_needed: tuple[str, ...]
    timeout_seconds: int | None
    labels: frozenset[str]
    conditions: tuple[ConditionResult, ...]


_PERMITTING_APPROVALS = frozenset({"APPROVED", "CLAIMED"})
_OPEN_APPROVALS = frozenset({"PENDING", "HELD"})


def effective(*, decision: Decision, approval_state: str | None = None, deferral_state: str | None = None) -> Effective:
    """What a decision amounts to, given how its approval (STEP_UP, or DEFER that was escalated) or deferral stands.

    The only place in the product that grants permission. A state that is missing or not known here means DENY.
    """
    asks_people = decision is Decision.STEP_UP or (decision is Decision.DEFER and deferral_state == "ESCALATED")
    may_run = (
        decision in (Decision.ALLOW, Decision.MODIFY)
        or (asks_people and approval_state in _PERMITTING_APPROVALS)
        or (decision is Decision.DEFER and deferral_state == "ALLOWED")
    )
    if may_run:
        return Effective.ALLOW
    is_open = (asks_people and approval_state in _OPEN_APPROVALS) or (
        decision is Decision.DEFER and deferral_state == "PENDING"
    )
    return Effective.PENDING if is_open else Effective.DENY
