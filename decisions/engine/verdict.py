"""What the engine answers, and the one place where an answer turns into permission to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from decisions.engine.catalogue import Tool
from decisions.engine.changes import ChangeKind
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
    """Why a decision came out as it did, for programs. Those after `CANNOT_MODIFY` are given by the services."""

    RULE_MATCHED = "rule_matched"
    DEFAULT_POSTURE = "default_posture"
    FORBIDDEN = "forbidden"
    MISSING_CONTEXT = "missing_context"
    RULE_CONFLICT = "rule_conflict"
    LOW_CONFIDENCE = "low_confidence"
    SESSION_RISK = "session_risk"
    MISALIGNED = "misaligned"
    ALIGNED = "aligned"
    MODIFICATION_NOT_STABLE = "modification_not_stable"
    POLICY_BUDGET = "policy_budget"
    UNCLEAR_MEANING = "unclear_meaning"
    CANNOT_MODIFY = "cannot_modify"
    DEPENDENCY_PENDING = "dependency_pending"
    DEPENDENCY_DENIED = "dependency_denied"
    IDENTITY_UNVERIFIED = "identity_unverified"
    TOOL_NOT_ALLOWED = "tool_not_allowed"
    CONTEXT_INTEGRITY = "context_integrity"
    PAUSED = "paused"
    DATA_LIMIT = "data_limit"
    NO_ELIGIBLE_REVIEWER = "no_eligible_reviewer"
    TURNED_DOWN = "turned_down"
    TOO_MANY_WAITING = "too_many_waiting"
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
class Step:
    """What is called inside an action that stands for others, and what the policy says of it.

    `only_carries` is what does nothing by itself but lead to the next.
    """

    tool: str
    operation: str
    parameters: Mapping[str, JSON]
    decision: Decision
    rule_id: str | None
    only_carries: bool = False


Trace: TypeAlias = Callable[[], tuple[ConditionResult, ...]]


@dataclass(frozen=True, slots=True)
class Modification:
    """One parameter that a MODIFY rule changed, and how. `path` is a JSON pointer.

    `before` is None where nothing was there, `after` where `kind` is a removal.
    """

    path: str
    before: JSON
    after: JSON
    rule_id: str
    kind: ChangeKind = ChangeKind.REPLACE


@dataclass(frozen=True, slots=True)
class Stage:
    """`count` distinct people of `group` have to approve."""

    group: str
    count: int


@dataclass(frozen=True, slots=True)
class Escalation:
    """The `groups` that are asked in addition when nobody has answered `after_seconds` after the question."""

    after_seconds: int
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Who is asked, for how long, about what risk. Every stage must be satisfied; silence denies.

    `questions` are put to the reviewer, `editable` are JSON pointers to the parameters that a reviewer
    may change before approving. `hold_seconds` is how long an approval can be taken back before the agent is told, the
    deployment's word where it is None; `denials` is how many people have to say no.
    """

    stages: tuple[Stage, ...]
    timeout_seconds: int
    risk_level: RiskLevel
    escalation: tuple[Escalation, ...] = ()
    questions: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()
    hold_seconds: int | None = None
    denials: int = 1


@dataclass(frozen=True, slots=True)
class ShadowRuling:
    """What would have been decided if the rules in shadow were enforced."""

    decision: Decision
    rule_id: str | None
    reason: str
    reason_code: ReasonCode


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits of a deployment, each from 0 to 1; where one is None its step is skipped.

    `session_risk`: above it an action is denied. `alignment`: below it what is permitted is denied; at or above it what
    only the default denies goes to the people of `route`, if there is one. `confidence`: below it nothing is permitted.
    """

    session_risk: float | None = None
    alignment: float | None = None
    confidence: float | None = None
    route: Route | None = None


NO_THRESHOLDS = Thresholds()


class Counted(NamedTuple):
    """What one action adds to the rate or budget of a rule: 1, or the amount that it is about."""

    rule_id: str
    amount: int | float


def no_trace() -> tuple[ConditionResult, ...]:
    """The trace of a ruling that no comparison led to."""
    return ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says about one action in one context.

    `parameters` are the final ones, with every modification applied; nested values are shared with the action and must
    not be changed. `route` is there for STEP_UP only. `timeout_seconds` is there for STEP_UP and DEFER; then DENY,
    unless a DEFER has an `on_timeout`: then those people are asked. `context_needed` names what a DEFER waits for (bare
    names are facts, `parameters.x` and `context.x` are fields), `resolvers` who may supply it, tried in order. `labels`
    are the kinds of data that the session has touched if this action goes on, `counted` what it then adds to rates and
    budgets. `confidence` is from 0 to 1 in hundredths. `shadow` is there where a rule in shadow holds or might, `tool`
    where the policy's catalogue has an entry. `steps` are what is inside an action that stands for others.
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
    confidence: float = 1.0
    resolvers: tuple[str, ...] = ()
    on_timeout: Route | None = None
    counted: tuple[Counted, ...] = ()
    shadow: ShadowRuling | None = None
    thresholds: Thresholds = NO_THRESHOLDS
    tool: Tool | None = None
    steps: tuple[Step, ...] = ()
    trace: Trace = field(default=no_trace, compare=False, repr=False)

    @property
    def conditions(self) -> tuple[ConditionResult, ...]:
        """Each comparison of the rules that matched and of those whose unknown condition held the ruling back.

        Computed when it is asked for; `parameters` and what they were made of must not have been changed by then.
        """
        return self.trace()


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
