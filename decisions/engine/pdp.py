"""The policy decision point: AARM's decision procedure, numbered as docs/policy-language.md numbers it.

1. A forbidden rule that holds denies; nothing overrides it.
2. A session whose risk is above its threshold is denied.
3. Of the rules that hold, those of the highest priority give the baseline; without any it is the default posture.
4. Rules of one priority that disagree defer. So does what is unknown, if it could change the ruling (a ruling that it
   could not change stands), and so does a confidence below its threshold.
5. What is permitted but doesn't fit the session's intent is denied; what only the default denies, and fits, people are
   asked about.
6. Otherwise the baseline. A MODIFY is judged again with what it made of the parameters, until nothing changes.

The same action, context and policy always give the same ruling. Nothing here reads a clock and nothing raises: what
can't be judged is unknown, and unknown never permits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from decisions.engine.action import Action
from decisions.engine.assessment import Assessment, Course
from decisions.engine.baseline import LOWEST_STANDING, Baseline
from decisions.engine.budget import Meter
from decisions.engine.confidence import FULL, lowest_confidence
from decisions.engine.context import Context
from decisions.engine.errors import BudgetError
from decisions.engine.fields import Subject, parameter_field
from decisions.engine.folding import fold
from decisions.engine.policy import CompiledRule, Policy
from decisions.engine.precedence import choose_baseline, could_change, names_only
from decisions.engine.rewrite import Rewrite, rewrite
from decisions.engine.rulings import ruling_of, shadow_of
from decisions.engine.thresholds import PERMITTING, UNLIMITED, Limits, limits_of
from decisions.engine.uncertainty import (
    aligned,
    exhausted,
    low_confidence,
    misaligned,
    missing_context,
    too_risky,
    unchangeable,
    unstable,
)
from decisions.engine.verdict import Counted, Decision, Modification, ReasonCode, Ruling, ShadowRuling

MOST_ROUNDS = 3

_NEEDS_CONFIDENCE = PERMITTING | {Decision.STEP_UP}


def evaluate(action: Action, *, context: Context, policy: Policy) -> Ruling:
    """The ruling of `policy` on `action` in `context`. Deterministic and total; changes none of its arguments."""
    tool, operation = fold(action.tool), fold(action.operation)
    subject = Subject(tool, operation, action.parameters, context)
    enforced = policy.candidates(tool=tool, operation=operation)
    course = _followed(subject, rules=enforced, policy=policy)
    tried = policy.shadows(tool=tool, operation=operation)
    shadow = _shadow(course, enforced=enforced, tried=tried, policy=policy) if tried else None
    return ruling_of(course, policy=policy, shadow=shadow)


def _followed(subject: Subject, *, rules: Sequence[CompiledRule], policy: Policy) -> Course:
    """The course of an evaluation. One that takes too many steps, or nests deeper than the machine can go, denies."""
    try:
        course = _course(subject, rules=rules, policy=policy)
        return replace(course, counted=_counted(course, rules=rules)) if policy.has_counters else course
    except (BudgetError, RecursionError):
        end = Assessment(subject, (), (), (), outcome=exhausted(), confidence=0)
        return Course(rounds=(end,), modifications=(), outcome=end.outcome)


def _course(subject: Subject, *, rules: Sequence[CompiledRule], policy: Policy) -> Course:
    limits = limits_of(policy.thresholds, context=subject.context)
    posture = _posture(policy, limits=limits)
    rounds: list[Assessment] = []
    modifications: tuple[Modification, ...] = ()
    while len(rounds) <= MOST_ROUNDS:
        subject.meter.spend(len(rules))
        current = _assess(rules, subject=subject, posture=posture, limits=limits)
        rounds.append(current)
        if current.outcome.decision is not Decision.MODIFY:
            return Course(rounds, modifications, current.outcome)
        # Step 6: what the rules make of the parameters is judged in its turn.
        rewritten = rewrite(subject.parameters, steps=current.outcome.steps)
        if rewritten.obstacles or not rewritten.modifications:
            return Course(rounds, modifications, _settled(current.outcome, rewritten=rewritten))
        modifications += rewritten.modifications
        subject, posture = replace(subject, parameters=rewritten.parameters), _permission(current.outcome)
    return Course(rounds, (), unstable(rounds[0].outcome, rounds=MOST_ROUNDS))


def _assess(rules: Sequence[CompiledRule], *, subject: Subject, posture: Baseline, limits: Limits) -> Assessment:
    holding: list[CompiledRule] = []
    unknown: list[CompiledRule] = []
    for rule in rules:
        truth = rule.test(subject)
        if truth is True:
            holding.append(rule)
        elif truth is None:
            unknown.append(rule)
    # Steps 1 and 3, and of step 4 the conflict: forbidden rules stand above all others, so one choice makes them all.
    baseline = choose_baseline([rule.baseline for rule in holding if rule.baseline is not None], posture=posture)
    # Step 2: the risk of the session denies all the same, whatever else is known or not.
    if limits.is_too_risky and baseline.reason_code is not ReasonCode.FORBIDDEN:
        return Assessment(subject, holding, unknown, (), outcome=too_risky(limits))
    # Step 4: the unknown. Rules that change nothing one by one change nothing together, so each is tried by itself.
    blocking: Sequence[CompiledRule] = ()
    if limits is not UNLIMITED:
        baseline = _undisputed(baseline, limits=limits)
    if unknown:
        subject.meter.spend(len(unknown) * (1 + len(baseline.steps)))
        blocking = [rule for rule in unknown if _could_change(baseline, rule=rule, limits=limits)]
    if not blocking and not baseline.grounds and limits is UNLIMITED:
        return Assessment(subject, holding, unknown, (), outcome=baseline)
    weighed, confidence = _weighed(baseline, blocking=blocking, subject=subject, limits=limits)
    # Step 5: alignment with the session's intent.
    outcome = _aligned(weighed, limits=limits)
    return Assessment(subject, holding, unknown, blocking, outcome=outcome, confidence=confidence)


def _undisputed(baseline: Baseline, *, limits: Limits) -> Baseline:
    """Step 4 in view of step 5: rules that disagree in nothing that would not be denied anyway do not disagree."""
    if not baseline.disputed or not names_only(baseline, decisions=limits.alike):
        return baseline
    return replace(misaligned(limits), standing=baseline.standing, grounds=baseline.grounds)


def _could_change(baseline: Baseline, *, rule: CompiledRule, limits: Limits) -> bool:
    return rule.baseline is not None and could_change(baseline, unknown=rule.baseline, alike=limits.alike)


def _weighed(
    baseline: Baseline, *, blocking: Sequence[CompiledRule], subject: Subject, limits: Limits
) -> tuple[Baseline, int]:
    """Step 4: what becomes of a baseline in view of what is unknown, and the confidence in it."""
    confidence = lowest_confidence((*baseline.grounds, *(rule.grounds for rule in blocking)), subject=subject)
    missing = {field.evidence for rule in blocking for field in rule.condition.unknown_fields(subject)}
    missing.update(limits.missing_for(baseline))
    if blocking or missing:
        held_back = [rule.baseline for rule in blocking if rule.baseline is not None]
        return missing_context(baseline, blocking=held_back, missing=tuple(sorted(missing))), confidence
    wanted = max(baseline.threshold, limits.thresholds.confidence or 0.0)
    if confidence / FULL < wanted and baseline.decision in _NEEDS_CONFIDENCE:
        doubtful = {name for each in baseline.grounds for name in each.doubtful(subject)}
        waiting = low_confidence(baseline, confidence=confidence, wanted=wanted, missing=tuple(sorted(doubtful)))
        return waiting, confidence
    return baseline, confidence


def _aligned(weighed: Baseline, *, limits: Limits) -> Baseline:
    """Step 5."""
    route = limits.thresholds.route
    if limits.is_aligned is False and weighed.decision in PERMITTING:
        return misaligned(limits)
    if limits.is_aligned is True and weighed.is_open and route is not None:
        return aligned(limits, route=route)
    return weighed


def _posture(policy: Policy, *, limits: Limits) -> Baseline:
    """The default posture; its denial is open where step 5 may turn it into a question."""
    is_open = limits.thresholds.route is not None and limits.is_aligned is not False
    if is_open and policy.posture.decision is Decision.DENY:
        return replace(policy.posture, is_open=True)
    return policy.posture


def _settled(baseline: Baseline, *, rewritten: Rewrite) -> Baseline:
    """A MODIFY that changes nothing permits; one that can't change what it should must not."""
    if not rewritten.obstacles:
        return _permission(baseline)
    missing = {parameter_field(path).evidence for path in rewritten.obstacles}
    return unchangeable(baseline, missing=tuple(sorted(missing)))


def _permission(modify: Baseline) -> Baseline:
    """What a MODIFY rule says of parameters that it has no more to change in: they may pass, unless a rule objects."""
    return replace(modify, decision=Decision.ALLOW, steps=(), standing=LOWEST_STANDING, grounds=(), threshold=0.0)


def _shadow(
    course: Course, *, enforced: Sequence[CompiledRule], tried: Sequence[CompiledRule], policy: Policy
) -> ShadowRuling | None:
    """What would be decided if the rules in shadow were enforced; None where none of them holds or might."""
    if not _might_hold(tried, course=course):
        return None
    subject = replace(course.rounds[0].subject, meter=Meter())
    return shadow_of(_followed(subject, rules=(*enforced, *tried), policy=policy))


def _might_hold(rules: Sequence[CompiledRule], *, course: Course) -> bool:
    try:
        return any(rule.test(each.subject) is not False for each in course.rounds for rule in rules)
    except (BudgetError, RecursionError):
        return True


def _counted(course: Course, *, rules: Sequence[CompiledRule]) -> tuple[Counted, ...]:
    """What an action adds to the rates and budgets of its rules, with its final parameters."""
    subject = course.rounds[-1].subject
    counters = (rule.counter for rule in rules if rule.counter is not None)
    amounts = ((each.rule_id, each.amount_of(subject)) for each in counters)
    return tuple(Counted(rule_id, amount) for rule_id, amount in amounts if amount is not None)
