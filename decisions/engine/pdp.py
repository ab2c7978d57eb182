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
from dataclasses import dataclass, replace

from decisions.engine.action import Action
from decisions.engine.baseline import DEFERRAL_SECONDS, Baseline, choose_baseline, could_change
from decisions.engine.context import Context
from decisions.engine.fields import Subject, parameter_field
from decisions.engine.folding import fold
from decisions.engine.policy import CompiledRule, Policy
from decisions.engine.rewrite import rewrite
from decisions.engine.verdict import (
    Classification,
    ConditionResult,
    Decision,
    Modification,
    ReasonCode,
    RiskLevel,
    Route,
    Ruling,
    Truth,
)

MOST_ROUNDS = 3

_TRUTHS = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}


@dataclass(frozen=True, slots=True)
class _Round:
    """One look at the rules: those that hold, those that could, and what follows."""

    subject: Subject
    holding: Sequence[CompiledRule]
    unknown: Sequence[CompiledRule]
    blocking: Sequence[CompiledRule]
    baseline: Baseline
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    """What MODIFY rules have done so far, and the first of them."""

    modifier: Baseline
    modifications: tuple[Modification, ...]


def evaluate(action: Action, *, context: Context, policy: Policy) -> Ruling:
    """The ruling of `policy` on `action` in `context`. Deterministic and total; changes none of its arguments."""
    tool, operation = fold(action.tool), fold(action.operation)
    rules = policy.candidates(tool=tool, operation=operation)
    subject = Subject(tool, operation, action.parameters, context)
    rounds = [_look(rules, subject=subject, posture=policy.posture)]
    change: _Change | None = None
    while rounds[-1].baseline.decision is Decision.MODIFY:
        last = rounds[-1]
        rewritten = rewrite(last.subject.parameters, steps=last.baseline.steps)
        if rewritten.obstacles:
            evidence = tuple(dict.fromkeys(parameter_field(path).evidence for path in rewritten.obstacles))
            rounds.append(replace(last, baseline=_unchangeable(last.baseline, evidence), evidence=evidence))
        elif not rewritten.modifications:
            rounds.append(replace(last, baseline=_permission(last.baseline)))
        elif len(rounds) > MOST_ROUNDS:
            rounds.append(replace(last, baseline=_unstable(last.baseline)))
        else:
            done = change.modifications if change else ()
            change = _Change(change.modifier if change else last.baseline, done + rewritten.modifications)
            subject = replace(subject, parameters=rewritten.parameters)
            rounds.append(_look(rules, subject=subject, posture=_permission(last.baseline)))
    return _ruling(action, rounds=rounds, change=change)


def _look(rules: Sequence[CompiledRule], *, subject: Subject, posture: Baseline) -> _Round:
    holding: list[CompiledRule] = []
    unknown: list[CompiledRule] = []
    for rule in rules:
        truth = rule.test(subject)
        if truth is True:
            holding.append(rule)
        elif truth is None:
            unknown.append(rule)
    # Steps 1 and 3, and conflicts of step 4.
    baselines = [rule.baseline for rule in holding if rule.baseline is not None]
    baseline = choose_baseline(baselines, posture=posture)
    # Step 4: what is unknown.
    blocking = [
        rule
        for rule in unknown
        if rule.baseline is not None
        and could_change(baseline, baselines=baselines, unknown=rule.baseline, posture=posture)
    ]
    if not blocking:
        return _Round(subject, holding, unknown, blocking, baseline, ())
    fields = dict.fromkeys(field.evidence for rule in blocking for field in rule.condition.unknown_fields(subject))
    evidence = tuple(sorted(fields))
    return _Round(subject, holding, unknown, blocking, _waiting(baseline, blocking, evidence), evidence)
