"""Which of the rules that hold decides, and whether one more rule would make a difference."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from decisions.engine.baseline import Baseline, severity
from decisions.engine.rewrite import are_in_conflict
from decisions.engine.uncertainty import conflict
from decisions.engine.verdict import Decision, Stage


def choose_baseline(baselines: Sequence[Baseline], *, posture: Baseline) -> Baseline:
    """Of the rules that hold, those of the highest standing decide; they must agree. Without any, `posture` does."""
    if len(baselines) < 2:
        return baselines[0] if baselines else posture
    highest = max(each.standing for each in baselines)
    deciding = [each for each in baselines if each.standing == highest]
    return deciding[0] if len(deciding) == 1 else _joined(deciding)


def could_change(baseline: Baseline, *, holding: Sequence[Baseline], unknown: Baseline, posture: Baseline) -> bool:
    """Whether the ruling would be another one if the rule that `unknown` belongs to held as well."""
    other = choose_baseline([*holding, unknown], posture=posture)
    return other is not baseline and _terms(other) != _terms(baseline)


def _joined(deciding: list[Baseline]) -> Baseline:
    """Rules of one standing, joined to the strictest that they ask for together, or a conflict if they disagree."""
    if len({each.decision for each in deciding}) > 1 or _changes_disagree(deciding):
        return conflict(deciding)
    # By risk, then by name, so that the order of the rules in the file decides nothing.
    leading = sorted(deciding, key=lambda each: (-severity(each.risk_level), each.rule_id or ""))
    timeouts = [each.timeout_seconds for each in leading if each.timeout_seconds is not None]
    return replace(
        leading[0],
        stages=_joined_stages(leading),
        timeout_seconds=min(timeouts, default=None),
        steps=tuple(step for each in leading for step in each.steps),
        needs=tuple(need for each in leading for need in each.needs),
    )


def _joined_stages(deciding: Sequence[Baseline]) -> tuple[Stage, ...]:
    counts: dict[str, int] = {}
    for stage in (stage for each in deciding for stage in each.stages):
        counts[stage.group] = max(stage.count, counts.get(stage.group, 0))
    return tuple(Stage(group=group, count=counts[group]) for group in sorted(counts))


def _changes_disagree(deciding: Sequence[Baseline]) -> bool:
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
