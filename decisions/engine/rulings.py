"""A ruling put together: the outcome, and what an agent, a reviewer and an auditor need to know of how it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from decisions.engine.assessment import Assessment, Course
from decisions.engine.baseline import Baseline
from decisions.engine.budget import Meter
from decisions.engine.catalogue import Tool
from decisions.engine.confidence import FULL
from decisions.engine.errors import BudgetError
from decisions.engine.fields import Subject
from decisions.engine.policy import CompiledRule, Policy, Probe
from decisions.engine.verdict import (
    ConditionResult,
    Decision,
    Route,
    Ruling,
    ShadowRuling,
    Truth,
)

_NO_LABELS: frozenset[str] = frozenset()
_TRUTHS = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}


def ruling_of(course: Course, *, policy: Policy, shadow: ShadowRuling | None) -> Ruling:
    """The ruling that an evaluation comes to.

    What is denied runs with no parameters at all, so a denial shows those that were asked for.
    """
    outcome, rounds = _final(course), course.rounds
    is_denied = outcome.decision is Decision.DENY
    subject = rounds[0 if is_denied else -1].subject
    tool = policy.catalogue.find(tool=subject.tool, operation=subject.operation)
    return Ruling(
        decision=outcome.decision,
        reason=outcome.reason,
        reason_code=outcome.reason_code,
        rule_id=outcome.rule_id,
        classification=outcome.classification,
        risk_level=outcome.risk_level,
        parameters=dict(subject.parameters),
        modifications=() if is_denied else course.modifications,
        matched_rules=_matched(rounds),
        route=_route(outcome) if outcome.decision is Decision.STEP_UP else None,
        context_needed=_context_needed(outcome, subject=subject) if outcome.decision is Decision.DEFER else (),
        timeout_seconds=outcome.timeout_seconds,
        labels=_NO_LABELS if is_denied else _labels(rounds[-1], tool=tool),
        confidence=_confidence(rounds) / FULL,
        resolvers=outcome.resolvers,
        on_timeout=outcome.on_timeout,
        counted=() if is_denied else course.counted,
        shadow=shadow,
        thresholds=policy.thresholds,
        tool=tool,
        trace=partial(_trace, rounds),
    )


def shadow_of(course: Course) -> ShadowRuling:
    """What an evaluation would have come to."""
    outcome = _final(course)
    return ShadowRuling(outcome.decision, outcome.rule_id, outcome.reason, outcome.reason_code)


def _final(course: Course) -> Baseline:
    """The outcome. Where a MODIFY rule changed something and all others let it pass, its word is the last one.

    Only a MODIFY rule can have changed something, and the first round is the one that it decided.
    """
    if course.modifications and course.outcome.decision is Decision.ALLOW:
        return replace(course.rounds[0].outcome, decision=Decision.MODIFY)
    return course.outcome


def _matched(rounds: Sequence[Assessment]) -> tuple[str, ...]:
    if len(rounds) == 1 and len(rounds[0].holding) < 2:
        return tuple(rule.id for rule in rounds[0].holding)
    holding = {rule.id: rule for assessment in rounds for rule in assessment.holding}
    return tuple(rule.id for rule in sorted(holding.values(), key=_by_rank))


def _confidence(rounds: Sequence[Assessment]) -> int:
    return rounds[0].confidence if len(rounds) == 1 else min(each.confidence for each in rounds)


def _route(outcome: Baseline) -> Route:
    assert outcome.timeout_seconds is not None, "the parser gives every STEP_UP a timeout"
    return Route(
        stages=outcome.stages,
        timeout_seconds=outcome.timeout_seconds,
        risk_level=outcome.risk_level,
        escalation=outcome.escalation,
        questions=outcome.questions,
        editable=outcome.editable,
        hold_seconds=outcome.hold_seconds,
        denials=outcome.denials,
    )


def _context_needed(outcome: Baseline, *, subject: Subject) -> tuple[str, ...]:
    needed = {need.evidence for need in outcome.needs if need.is_missing(subject)}
    return tuple(sorted(needed.union(outcome.missing)))


def _labels(last: Assessment, *, tool: Tool | None) -> frozenset[str]:
    """What the tool touches, and the labels of all rules that hold or might.

    A label too many asks more questions, a label too few leaks.
    """
    named = [rule.labels for rule in (*last.holding, *last.unknown) if rule.labels]
    if tool is not None and tool.data_class:
        named.append(tool.data_class)
    return _NO_LABELS.union(*named) if named else _NO_LABELS


def _trace(rounds: Sequence[Assessment]) -> tuple[ConditionResult, ...]:
    return tuple(dict.fromkeys(_conditions(rounds)))


def _conditions(rounds: Sequence[Assessment]) -> Iterator[ConditionResult]:
    for assessment in rounds:
        subject = replace(assessment.subject, meter=Meter())
        for rule in sorted((*assessment.holding, *assessment.blocking), key=_by_rank):
            for probe in rule.probes:
                yield ConditionResult(rule.id, probe.field, probe.operator, _truth(probe, subject=subject))


def _truth(probe: Probe, *, subject: Subject) -> Truth:
    """How one comparison comes out by itself, and with a whole budget of its own.

    The evaluation may have settled the rule without looking at it.
    """
    subject.meter.refill()
    try:
        return _TRUTHS[probe.test(subject)]
    except (BudgetError, RecursionError):
        return Truth.UNKNOWN


def _by_rank(rule: CompiledRule) -> tuple[int, str]:
    return -rule.priority, rule.id
