"""The baseline: what one rule, several agreeing rules, or the default posture lead to before the unknown is weighed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf

from decisions.engine.confidence import Grounds
from decisions.engine.document import Consequence
from decisions.engine.fields import Subject
from decisions.engine.rewrite import Step
from decisions.engine.verdict import (
    Classification,
    Decision,
    Escalation,
    ReasonCode,
    RiskLevel,
    Route,
    Stage,
)

_SEVERITY = {level: rank for rank, level in enumerate(RiskLevel)}
# Below every rule: whatever holds decides instead.
LOWEST_STANDING = (False, -inf)


@dataclass(frozen=True, slots=True)
class Need:
    """A field that a DEFER waits for, by the name that evidence gives it, and whether it is still missing."""

    evidence: str
    is_missing: Callable[[Subject], bool | None]


@dataclass(frozen=True, slots=True)
class Baseline:
    """An outcome and where it comes from.

    `standing` orders rules: forbidden ones above all others, then by priority. `timeout_seconds` is set for STEP_UP and
    DEFER, `stages` and what goes with them up to `denials` for STEP_UP, `steps` for MODIFY.

    A DEFER waits for `needs`, which its rule names, and for `missing`, which some condition turned out to depend on;
    `resolvers` may supply them, and with an `on_timeout` people are asked in the end.

    `grounds` are those of the deciding rules that could be less than certain, `threshold` is the confidence that these
    rules demand. `is_open` marks a denial by default that people may be asked about. `disputed` are the decisions
    between which rules of one standing disagree.
    """

    decision: Decision
    reason: str
    reason_code: ReasonCode
    risk_level: RiskLevel
    rule_id: str | None = None
    classification: Classification | None = None
    standing: tuple[bool, float] = LOWEST_STANDING
    stages: tuple[Stage, ...] = ()
    escalation: tuple[Escalation, ...] = ()
    questions: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()
    hold_seconds: int | None = None
    denials: int = 1
    timeout_seconds: int | None = None
    steps: tuple[Step, ...] = ()
    needs: tuple[Need, ...] = ()
    missing: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    on_timeout: Route | None = None
    grounds: tuple[Grounds, ...] = ()
    threshold: float = 0.0
    is_open: bool = False
    disputed: frozenset[Decision] = frozenset()


def baseline_of_rule(
    consequence: Consequence, *, rule_id: str, priority: int, needs: tuple[Need, ...], grounds: Grounds
) -> Baseline:
    """What a rule leads to by itself."""
    is_forbidden = consequence.classification is Classification.FORBIDDEN
    return Baseline(
        decision=consequence.decision,
        reason=consequence.reason,
        reason_code=ReasonCode.FORBIDDEN if is_forbidden else ReasonCode.RULE_MATCHED,
        risk_level=consequence.risk_level,
        rule_id=rule_id,
        classification=consequence.classification,
        standing=(is_forbidden, priority),
        stages=consequence.stages,
        escalation=consequence.escalation,
        questions=consequence.questions,
        editable=consequence.editable,
        hold_seconds=consequence.hold_seconds,
        denials=consequence.denials,
        timeout_seconds=consequence.timeout_seconds,
        steps=tuple(Step(rule_id=rule_id, change=change) for change in consequence.modifications),
        needs=needs,
        resolvers=consequence.resolvers,
        on_timeout=consequence.on_timeout,
        grounds=() if grounds.are_full_if_true else (grounds,),
        threshold=consequence.threshold,
    )


def default_posture(consequence: Consequence) -> Baseline:
    """What an action leads to that no rule covers."""
    return Baseline(
        decision=consequence.decision,
        reason=consequence.reason,
        reason_code=ReasonCode.DEFAULT_POSTURE,
        risk_level=consequence.risk_level,
        stages=consequence.stages,
        timeout_seconds=consequence.timeout_seconds,
    )


def severity(level: RiskLevel) -> int:
    """A number that grows with the risk."""
    return _SEVERITY[level]


def highest_risk(baselines: Iterable[Baseline]) -> RiskLevel:
    """The highest risk level of one or more baselines."""
    return max((each.risk_level for each in baselines), key=severity)
