"""A ruling put together: the outcome, and what an agent, a reviewer and an auditor need to know of how it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from decisions.engine.assessment import Assessment
from decisions.engine.baseline import Baseline
from decisions.engine.fields import Subject
from decisions.engine.policy import CompiledRule
from decisions.engine.verdict import ConditionResult, Decision, Modification, Route, Ruling, Truth

_TRUTHS = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}


def ruling_of(outcome: Baseline, *, rounds: Sequence[Assessment], modifications: tuple[Modification, ...]) -> Ruling:
    """The ruling that `outcome` leads to after `rounds`, of which there is at least one.

    What is denied runs with no parameters at all, so a denial shows those that were asked for.
    """
    if modifications and outcome.decision is Decision.ALLOW:
        # Only a MODIFY rule can have changed something, and the first round is the one that it decided.
        outcome = replace(rounds[0].outcome, decision=Decision.MODIFY)
    is_denied = outcome.decision is Decision.DENY
    subject = rounds[0 if is_denied else -1].subject
    return Ruling(
        decision=outcome.decision,
        reason=outcome.reason,
        reason_code=outcome.reason_code,
        rule_id=outcome.rule_id,
        classification=outcome.classification,
        risk_level=outcome.risk_level,
        parameters=dict(subject.parameters),
        modifications=() if is_denied else modifications,
        matched_rules=_matched(rounds),
        route=_route(outcome),
        context_needed=_context_needed(outcome, subject=subject),
        timeout_seconds=outcome.timeout_seconds,
        labels=frozenset() if is_denied else _labels(rounds[-1]),
        conditions=tuple(dict.fromkeys(_conditions(rounds))),
    )


def _matched(rounds: Sequence[Assessment]) -> tuple[str, ...]:
    holding = {rule.id: rule for assessment in rounds for rule in assessment.holding}
    return tuple(sorted(holding, key=lambda rule_id: (-holding[rule_id].priority, rule_id)))


def _route(outcome: Baseline) -> Route | None:
    if outcome.decision is not Decision.STEP_UP:
        return None
    assert outcome.timeout_seconds is not None, "the parser gives every STEP_UP a timeout"
    return Route(stages=outcome.stages, timeout_seconds=outcome.timeout_seconds, risk_level=outcome.risk_level)


def _context_needed(outcome: Baseline, *, subject: Subject) -> tuple[str, ...]:
    if outcome.decision is not Decision.DEFER:
        return ()
    needed = {need.evidence for need in outcome.needs if need.is_missing(subject)}
    return tuple(sorted(needed.union(outcome.missing)))


def _labels(last: Assessment) -> frozenset[str]:
    """The labels of all rules that hold or might: a label too many asks more questions, a label too few leaks."""
    return frozenset(label for rule in (*last.holding, *last.unknown) for label in rule.labels)


def _conditions(rounds: Sequence[Assessment]) -> Iterator[ConditionResult]:
    for assessment in rounds:
        for rule in sorted((*assessment.holding, *assessment.blocking), key=_by_rank):
            for probe in rule.probes:
                yield ConditionResult(rule.id, probe.field, probe.operator, _TRUTHS[probe.test(assessment.subject)])


def _by_rank(rule: CompiledRule) -> tuple[int, str]:
    return -rule.priority, rule.id
