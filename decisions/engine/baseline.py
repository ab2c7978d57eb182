"""The baseline: what the rules that hold lead to together, before anything unknown is weighed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from decisions.engine.document import Consequence
from decisions.engine.fields import Subject
from decisions.engine.rewrite import Step, are_in_conflict
from decisions.engine.verdict import Classification, Decision, ReasonCode, RiskLevel, Stage

_SEVERITY = {level: rank for rank, level in enumerate(RiskLevel)}


@dataclass(frozen=True, slots=True)
class Need:
    """A field that a DEFER waits for, by the name that evidence gives it, and whether it is still missing."""

    evidence: str
    is_missing: Callable[[Subject], bool | None]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What one rule, several agreeing rules, or the default posture lead to.

    `standing` orders rules: forbidden ones above all others, then by priority. `timeout_seconds` is set for STEP_UP and
    DEFER, `stages` for STEP_UP, `steps` for MODIFY. A DEFER waits for `needs`, which its rule names, and for `missing`,
    which some condition turned out to depend on.
    """

    decision: Decision
    reason: str
    reason_code: ReasonCode
    risk_level: RiskLevel
    rule_id: str | None = None
    classification: Classification | None = None
    standing: tuple[bool, int] = (False, 0)
    stages: tuple[Stage, ...] = ()
    timeout_seconds: int | None = None
    steps: tuple[Step, ...] = ()
    needs: tuple[Need, ...] = ()
    missing: tuple[str, ...] = ()


def baseline_of_rule(
    consequence: Consequence, *, rule_id: str, priority: int, needs: tuple[Need, ...]
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
        timeout_seconds=consequence.timeout_seconds,
        steps=tuple(Step(rule_id=rule_id, change=change) for change in consequence.modifications),
        needs=needs,
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


def choose_baseline(baselines: Sequence[Baseline], *, posture: Baseline) -> Baseline:
    """Of the rules that hold, those of the highest standing decide; they must agree. Without any, `posture` does."""
    if len(baselines) < 2:
        return baselines[0] if baselines else posture
    highest = max(each.standing for each in baselines)
    deciding = [each for each in baselines if each.standing == highest]
    return deciding[0] if len(deciding) == 1 else _joined(deciding)


def could_change(baseline: Baseline, *, baselines: Sequence[Baseline], unknown: Baseline, posture: Baseline) -> bool:
    """Whether the ruling would be another one if the rule that `unknown` belongs to held."""
    other = choose_baseline([*baselines, unknown], posture=posture)
    return other is not baseline and _terms(other) != _terms(baseline)


def _joined(deciding: list[Baseline]) -> Baseline:
    """Rules of one standing, joined to the strictest that they ask for together, or a conflict if they disagree."""
    deciding.sort(key=lambda each: (-_SEVERITY[each.risk_level], each.rule_id or ""))
    if len({each.decision for each in deciding}) > 1 or _changes_disagree(deciding):
        return conflict(deciding)
    timeouts = [each.timeout_seconds for each in deciding if each.timeout_seconds is not None]
    return replace(
        deciding[0],
        stages=_joined_stages(deciding),
        timeout_seconds=min(timeouts, default=None),
        steps=tuple(step for each in deciding for step in each.steps),
        needs=tuple(need for each in deciding for need in each.needs),
    )


def _joined_stages(deciding: list[Baseline]) -> tuple[Stage, ...]:
    counts: dict[str, int] = {}
    for stage in (stage for each in deciding for stage in each.stages):
        counts[stage.group] = max(stage.count, counts.get(stage.group, 0))
    return tuple(Stage(group=group, count=counts[group]) for group in sorted(counts))


def _changes_disagree(deciding: list[Baseline]) -> bool:
    return any(
        are_in_conflict(one.change, other.change)
        for first, second in combinations(deciding, 2)
        for one in first.steps
        for other in second.steps
    )


def _terms(baseline: Baseline) -> tuple[object, ...]:
    """What a baseline means for the action, whichever rule it comes from."""
    if baseline.decision is Decision.STEP_UP:
        return (baseline.decision, frozenset(baseline.stages), baseline.timeout_seconds, baseline.risk_level)
    if baseline.decision is Decision.MODIFY:
        changes = (step.change for step in baseline.steps)
        return (baseline.decision, frozenset((each.kind, each.path, json.dumps(each.value)) for each in changes))
    return (baseline.decision,)
