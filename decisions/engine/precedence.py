"""Which of the rules that hold decides, and whether one more rule would make a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeAlias

from decisions.engine.baseline import Baseline, highest_risk, severity
from decisions.engine.changes import are_in_conflict, terms
from decisions.engine.uncertainty import conflict
from decisions.engine.verdict import Decision, Escalation, ReasonCode, RiskLevel, Route, Stage

_Terms: TypeAlias = tuple[object, ...]


def choose_baseline(baselines: Sequence[Baseline], *, posture: Baseline) -> Baseline:
    """Of the rules that hold, those of the highest standing decide; they must agree. Without any, `posture` does."""
    if len(baselines) < 2:
        return baselines[0] if baselines else posture
    highest = max(each.standing for each in baselines)
    deciding = [each for each in baselines if each.standing == highest]
    return deciding[0] if len(deciding) == 1 else joined(deciding)


def could_change(baseline: Baseline, *, unknown: Baseline, alike: frozenset[Decision] = frozenset()) -> bool:
    """Whether the ruling would be another one if the rule that `unknown` belongs to held as well.

    Decisions that are `alike` come to the same in the end. Joining is associative, so what the deciding rules come to
    together stands for all of them.
    """
    if unknown.standing < baseline.standing:
        return False
    together = joined([baseline, unknown]) if unknown.standing == baseline.standing else unknown
    if names_only(together, decisions=alike) and names_only(baseline, decisions=alike):
        return False
    return _terms(together) != _terms(baseline)


def names_only(baseline: Baseline, *, decisions: frozenset[Decision]) -> bool:
    """Whether `baseline`, be it a conflict, comes of rules that name nothing but these decisions."""
    return (baseline.disputed or {baseline.decision}) <= decisions


def joined(deciding: Sequence[Baseline]) -> Baseline:
    """Rules of one standing, joined to the strictest that they ask for together, or a conflict if they disagree."""
    if _are_in_conflict(deciding):
        return conflict(deciding)
    # By risk, then by name, so that the order of the rules in the file decides nothing.
    leading = sorted(deciding, key=lambda each: (-severity(each.risk_level), each.rule_id or ""))
    timeouts = [each.timeout_seconds for each in leading if each.timeout_seconds is not None]
    return replace(
        leading[0],
        stages=joined_stages(chain.from_iterable(each.stages for each in leading)),
        escalation=_joined_escalation(leading),
        questions=_once(chain.from_iterable(each.questions for each in leading)),
        editable=tuple(name for name in leading[0].editable if all(name in each.editable for each in leading)),
        hold_seconds=_joined_hold(leading),
        denials=min(each.denials for each in leading),
        timeout_seconds=min(timeouts, default=None),
        steps=tuple(step for each in leading for step in each.steps),
        needs=tuple(need for each in leading for need in each.needs),
        resolvers=_once(chain.from_iterable(each.resolvers for each in leading)),
        on_timeout=_joined_fallback([each.on_timeout for each in leading], risk=highest_risk(leading)),
        grounds=tuple(grounds for each in leading for grounds in each.grounds),
        threshold=max(each.threshold for each in leading),
    )


def joined_stages(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Every group with its largest count, by name."""
    counts: dict[str, int] = {}
    for stage in stages:
        counts[stage.group] = max(stage.count, counts.get(stage.group, 0))
    return tuple(Stage(group=group, count=counts[group]) for group in sorted(counts))


def _are_in_conflict(deciding: Sequence[Baseline]) -> bool:
    if len({each.decision for each in deciding}) > 1:
        return True
    # A conflict stays one, whatever joins it.
    if any(each.reason_code is ReasonCode.RULE_CONFLICT for each in deciding):
        return True
    return are_in_conflict(step.change for each in deciding for step in each.steps)


def _joined_escalation(deciding: Sequence[Baseline]) -> tuple[Escalation, ...]:
    every = {escalation for each in deciding for escalation in each.escalation}
    return tuple(sorted(every, key=lambda each: (each.after_seconds, each.groups)))


def _joined_hold(deciding: Sequence[Baseline]) -> int | None:
    """The longest; the deployment's, where one of the rules leaves it to that."""
    known = [each.hold_seconds for each in deciding if each.hold_seconds is not None]
    return max(known) if len(known) == len(deciding) else None


def _joined_fallback(routes: Sequence[Route | None], *, risk: RiskLevel) -> Route | None:
    """People are asked at the timeout only if every rule says so."""
    known = [route for route in routes if route is not None]
    if len(known) < len(routes):
        return None
    stages = joined_stages(chain.from_iterable(route.stages for route in known))
    return Route(stages=stages, timeout_seconds=min(route.timeout_seconds for route in known), risk_level=risk)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _terms(baseline: Baseline) -> _Terms:
    """What a baseline means for the action, whichever rule it comes from."""
    own = _OWN_TERMS.get(baseline.decision)
    return (baseline.decision,) if own is None else (baseline.decision, *own(baseline))


def _terms_of_question(baseline: Baseline) -> _Terms:
    return (
        frozenset(baseline.stages),
        baseline.timeout_seconds,
        baseline.risk_level,
        frozenset(baseline.escalation),
        frozenset(baseline.questions),
        frozenset(baseline.editable),
        baseline.hold_seconds,
        baseline.denials,
    )


def _terms_of_changes(baseline: Baseline) -> _Terms:
    return (terms(step.change for step in baseline.steps),)


def _terms_of_denial(baseline: Baseline) -> _Terms:
    # People may be asked about a denial by default, and not about one that a rule states.
    return (baseline.is_open,)


_OWN_TERMS: Mapping[Decision, Callable[[Baseline], _Terms]] = {
    Decision.STEP_UP: _terms_of_question,
    Decision.MODIFY: _terms_of_changes,
    Decision.DENY: _terms_of_denial,
}
