"""The ruling on an action with whatever is inside it: each step is judged after the one before, the strictest counts.

The tool that was called is judged too, but only by rules about it: that no rule names `bash` says nothing about what it
runs, and that a rule permits `bash` permits nothing that it runs. What can't be read with certainty never runs unasked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from decisions.engine.action import Action
from decisions.engine.context import Context
from decisions.engine.folding import fold
from decisions.engine.pdp import evaluate
from decisions.engine.pointers import pointer
from decisions.engine.policy import Policy
from decisions.engine.uncertainty import DEFERRAL_SECONDS
from decisions.engine.verdict import (
    Classification,
    Decision,
    Modification,
    ReasonCode,
    Ruling,
    Step,
)
from decisions.intake.joining import SILENT, joined, joined_shadow
from decisions.intake.opening import Inner, Opened, opened

_PERMITTING = frozenset({Decision.ALLOW, Decision.MODIFY})
_SHOWN_PROGRAM = re.compile(r"[A-Za-z0-9_.+-]{1,40}")


@dataclass(frozen=True, slots=True)
class _Judged:
    """An inner action and the ruling on it, with a name for it that can be shown to anybody."""

    inner: Inner
    ruling: Ruling
    name: str

    @property
    def named(self) -> Ruling:
        """The ruling, saying what it is about."""
        return replace(self.ruling, reason=f"{self.name}: {self.ruling.reason}")

    @property
    def counts(self) -> bool:
        """Whether it has a say: what only carries others has one where a rule is about it."""
        return not (self.inner.only_carries and self.ruling.reason_code in SILENT)


def judge(action: Action, *, context: Context, policy: Policy) -> Ruling:
    """The ruling of `policy` on `action` and on everything inside it. Deterministic; changes none of its arguments."""
    found = opened(action, table=policy.meta_tools)
    own = evaluate(action, context=context, policy=policy)
    return own if found is None else _together(own, action=action, found=found, context=context, policy=policy)


def actions_in(action: Action, *, policy: Policy) -> tuple[Action, ...]:
    """The action, and every action inside it that `judge` asks the policy about."""
    found = opened(action, table=policy.meta_tools)
    if found is None:
        return (action,)
    unclear = () if found.unclear is None else (found.unclear,)
    return (action, *(each.action for each in found.inner), *unclear)


def _together(own: Ruling, *, action: Action, found: Opened, context: Context, policy: Policy) -> Ruling:
    carrier = _carrier(own, action=action, found=found, policy=policy)
    steps = _judged_in_turn(found, context=_after(context, action=action, ruling=carrier), policy=policy)
    lifted, steps = _lifted(carrier, steps=steps, found=found)
    speaking = [each.named for each in steps if each.counts]
    if carrier.reason_code not in SILENT or not speaking:
        speaking.insert(0, carrier if carrier.reason_code not in SILENT else _unclear(carrier, doubts=found.doubts))
    strictest = joined(speaking)
    is_denied = strictest.decision is Decision.DENY
    return replace(
        strictest,
        parameters=dict(action.parameters) if is_denied else lifted.parameters,
        modifications=() if is_denied else lifted.modifications,
        tool=own.tool,
        shadow=joined_shadow([own, *(each.ruling for each in steps)]),
        steps=tuple(map(_step, steps)),
        trace=lambda: tuple(chain(own.trace(), *(each.ruling.trace() for each in steps))),
    )


def _carrier(own: Ruling, *, action: Action, found: Opened, policy: Policy) -> Ruling:
    """The ruling on the tool that was called; it may change what it is called with, but not what is inside."""
    if own.decision is not Decision.MODIFY:
        return own
    changed = opened(replace(action, parameters=own.parameters), table=policy.meta_tools)
    return own if changed == found else _unchangeable(own, what="what is called")


def _judged_in_turn(found: Opened, *, context: Context, policy: Policy) -> list[_Judged]:
    judged = []
    for number, inner in enumerate(found.inner, start=1):
        ruling = evaluate(inner.action, context=_for(inner.action, context=context), policy=policy)
        name = _name(inner.action, number=number, of=len(found.inner))
        judged.append(_Judged(inner, ruling, name))
        context = _after(context, action=inner.action, ruling=ruling)
    if found.unclear is not None:
        ruling = evaluate(found.unclear, context=_for(found.unclear, context=context), policy=policy)
        if ruling.decision in _PERMITTING or ruling.reason_code in SILENT:
            ruling = _unclear(ruling, doubts=found.doubts)
        judged.append(_Judged(Inner(found.unclear), ruling, "what is unclear"))
    return judged


def _for(action: Action, *, context: Context) -> Context:
    name = fold(f"{action.tool}.{action.operation}")
    return replace(context, registered_effect=context.inner_effects.get(name))


def _after(context: Context, *, action: Action, ruling: Ruling) -> Context:
    """The session as the next step finds it, if this one goes on."""
    counted = {**context.counted}
    for each in ruling.counted:
        counted[each.rule_id] = counted.get(each.rule_id, 0) + each.amount
    return replace(
        context,
        data_kinds=context.data_kinds | ruling.labels,
        tools_used=context.tools_used | {f"{action.tool}.{action.operation}"},
        counted=counted,
    )


def _name(action: Action, *, number: int, of: int) -> str:
    program = action.parameters.get("program")
    is_shown = isinstance(program, str) and _SHOWN_PROGRAM.fullmatch(program) is not None
    what = f"{action.tool}.{action.operation}" + (f" {program}" if is_shown else "")
    return f"{what} (step {number} of {of})"


def _lifted(carrier: Ruling, *, steps: list[_Judged], found: Opened) -> tuple[Ruling, list[_Judged]]:
    """What is to run as the agent sends it, with the changes to the one action inside, where there is a place for them.

    A change that has no place in what is sent is refused.
    """
    if found.arguments is not None and [each.ruling.decision for each in steps] == [Decision.MODIFY]:
        (step,) = steps
        changes = tuple(_below(found.arguments, change=each) for each in step.ruling.modifications)
        parameters = {**carrier.parameters, found.arguments: step.ruling.parameters}
        return replace(carrier, parameters=parameters, modifications=(*carrier.modifications, *changes)), steps
    return carrier, [
        replace(each, ruling=_unchangeable(each.ruling, what="its parameters"))
        if each.ruling.decision is Decision.MODIFY
        else each
        for each in steps
    ]


def _below(name: str, *, change: Modification) -> Modification:
    return replace(change, path=pointer((name,)) + change.path)


def _unchangeable(ruling: Ruling, *, what: str) -> Ruling:
    return replace(
        ruling,
        decision=Decision.DENY,
        reason_code=ReasonCode.CANNOT_MODIFY,
        reason=f"A rule changes {what}, which can't be done inside another call; send the call itself.",
        classification=None,
        modifications=(),
        labels=frozenset(),
        counted=(),
    )


def _unclear(ruling: Ruling, *, doubts: Sequence[str]) -> Ruling:
    """Nothing is permitted on a guess."""
    return replace(
        ruling,
        decision=Decision.DEFER,
        reason_code=ReasonCode.UNCLEAR_MEANING,
        reason=f"It can't be said for certain what this does: {'; '.join(doubts) or 'it is empty'}.",
        rule_id=None,
        classification=Classification.CONTEXT_DEPENDENT_DEFER,
        modifications=(),
        route=None,
        on_timeout=None,
        context_needed=(),
        timeout_seconds=DEFERRAL_SECONDS,
    )


def _step(judged: _Judged) -> Step:
    action, ruling = judged.inner.action, judged.ruling
    return Step(
        tool=action.tool,
        operation=action.operation,
        parameters=action.parameters,
        decision=ruling.decision,
        rule_id=ruling.rule_id,
        only_carries=judged.inner.only_carries,
    )
