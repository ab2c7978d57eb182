"""The policy decision point: AARM's decision procedure, numbered as the specification numbers it.

1. A forbidden rule that holds denies; nothing overrides it.
3. Of the rules that hold, those of the highest priority give the baseline; without any it is the default posture.
4. Rules of one priority that disagree defer. So does a condition that is unknown, if it could change the ruling; a
   ruling that it could not change stands.
6. Otherwise the baseline. A MODIFY is judged again with what it made of the parameters, until nothing changes.

Steps 2 (risk of the whole session) and 5 (alignment with intent) belong between these and need signals that the context
does not carry. The same action, context and policy always give the same ruling. Nothing here reads a clock and nothing
raises: what can't be judged is unknown, and unknown never permits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from decisions.engine.action import Action
from decisions.engine.assessment import Assessment
from decisions.engine.baseline import Baseline
from decisions.engine.context import Context
from decisions.engine.fields import Subject, parameter_field
from decisions.engine.folding import fold
from decisions.engine.policy import CompiledRule, Policy
from decisions.engine.precedence import choose_baseline, could_change
from decisions.engine.rewrite import Rewrite, rewrite
from decisions.engine.rulings import ruling_of
from decisions.engine.uncertainty import missing_context, unchangeable, unstable
from decisions.engine.verdict import Decision, Modification, Ruling

MOST_ROUNDS = 3


def evaluate(action: Action, *, context: Context, policy: Policy) -> Ruling:
    """The ruling of `policy` on `action` in `context`. Deterministic and total; changes none of its arguments."""
    tool, operation = fold(action.tool), fold(action.operation)
    rules = policy.candidates(tool=tool, operation=operation)
    subject, posture = Subject(tool, operation, action.parameters, context), policy.posture
    rounds: list[Assessment] = []
    modifications: tuple[Modification, ...] = ()
    while len(rounds) <= MOST_ROUNDS:
        current = _assess(rules, subject=subject, posture=posture)
        rounds.append(current)
        if current.outcome.decision is not Decision.MODIFY:
            return ruling_of(current.outcome, rounds=rounds, modifications=modifications)
        # Step 6: what the rules make of the parameters is judged in its turn.
        rewritten = rewrite(subject.parameters, steps=current.outcome.steps)
        if rewritten.obstacles or not rewritten.modifications:
            return ruling_of(_settled(current.outcome, rewritten=rewritten), rounds=rounds, modifications=modifications)
        modifications += rewritten.modifications
        subject, posture = replace(subject, parameters=rewritten.parameters), _permission(current.outcome)
    return ruling_of(unstable(rounds[0].outcome, rounds=MOST_ROUNDS), rounds=rounds, modifications=())


def _assess(rules: Sequence[CompiledRule], *, subject: Subject, posture: Baseline) -> Assessment:
    holding: list[CompiledRule] = []
    unknown: list[CompiledRule] = []
    for rule in rules:
        truth = rule.test(subject)
        if truth is True:
            holding.append(rule)
        elif truth is None:
            unknown.append(rule)
    # Steps 1 and 3, and of step 4 the conflict: forbidden rules have the highest standing of all.
    baselines = [rule.baseline for rule in holding if rule.baseline is not None]
    baseline = choose_baseline(baselines, posture=posture)
    # Step 4: the unknown. Rules that change nothing one by one change nothing together, so each is tried by itself.
    blocking = [
        rule
        for rule in unknown
        if rule.baseline and could_change(baseline, holding=baselines, unknown=rule.baseline, posture=posture)
    ]
    outcome = _with_unknown(baseline, blocking=blocking, subject=subject) if blocking else baseline
    return Assessment(subject=subject, holding=holding, unknown=unknown, blocking=blocking, outcome=outcome)


def _with_unknown(baseline: Baseline, *, blocking: Sequence[CompiledRule], subject: Subject) -> Baseline:
    missing = {field.evidence for rule in blocking for field in rule.condition.unknown_fields(subject)}
    blocked = [rule.baseline for rule in blocking if rule.baseline is not None]
    return missing_context(baseline, blocking=blocked, missing=tuple(sorted(missing)))


def _settled(baseline: Baseline, *, rewritten: Rewrite) -> Baseline:
    """A MODIFY that changes nothing permits; one that can't change what it should must not."""
    if not rewritten.obstacles:
        return _permission(baseline)
    missing = {parameter_field(path).evidence for path in rewritten.obstacles}
    return unchangeable(baseline, missing=tuple(sorted(missing)))


def _permission(modify: Baseline) -> Baseline:
    """What a MODIFY rule says of parameters that it has no more to change in: they may pass, unless a rule objects."""
    return replace(modify, decision=Decision.ALLOW, steps=())
