"""Confidence: how much of what a ruling rests on could be evaluated. It says nothing about how dangerous an action is.

For one rule it is the share of its comparisons that came out true or false; one that took an agent's mere word counts
half. It is reckoned in whole hundredths, rounded down, so that every machine comes to the same number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from decisions.engine.closures import Compiled, Test
from decisions.engine.conditions import AllOf, AnyOf, Condition, Negation
from decisions.engine.context import Trust
from decisions.engine.fields import NAME_KINDS, Field, FieldKind, Subject

FULL = 100

_IsWord: TypeAlias = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Ground:
    """One comparison, the name under which evidence gives its field, and whether it takes an agent's mere word."""

    evidence: str
    test: Test
    is_word: _IsWord


@dataclass(frozen=True, slots=True)
class Grounds:
    """The comparisons that a rule rests on. `are_full_if_true`: where the rule holds, every one of them is known."""

    items: tuple[Ground, ...]
    are_full_if_true: bool

    def confidence(self, subject: Subject) -> int:
        """In hundredths."""
        if not self.items:
            return FULL
        halves = sum(_halves(each, subject=subject) for each in self.items)
        return FULL * halves // (2 * len(self.items))

    def doubtful(self, subject: Subject) -> frozenset[str]:
        """The fields whose comparisons are unknown or take an agent's mere word."""
        return frozenset(each.evidence for each in self.items if _halves(each, subject=subject) < 2)


def grounds_of(compiled: Compiled, *, condition: Condition, trust: Trust) -> Grounds:
    """What a rule with this condition rests on. The names of tools are known to everyone and left out."""
    items = tuple(
        Ground(comparison.field.evidence, test, _is_word(comparison.field) if trust is Trust.ASSERTED else _never)
        for comparison, test in compiled.leaves()
        if comparison.field.kind not in NAME_KINDS
    )
    is_full = trust is Trust.ATTESTED and _settles_all(condition, truth=True)
    return Grounds(items, are_full_if_true=is_full or not items)


def lowest_confidence(grounds: Iterable[Grounds], *, subject: Subject) -> int:
    """The lowest confidence of several rules, in hundredths; 100 of none."""
    return min((each.confidence(subject) for each in grounds), default=FULL)


def _settles_all(condition: Condition, *, truth: bool) -> bool:
    """Whether every comparison is sure to be known where `condition` comes out as `truth`."""
    match condition:
        case AllOf(items):
            return (truth or len(items) == 1) and all(_settles_all(item, truth=truth) for item in items)
        case AnyOf(items):
            return (not truth or len(items) == 1) and all(_settles_all(item, truth=truth) for item in items)
        case Negation(item):
            return _settles_all(item, truth=not truth)
    return True


def _halves(ground: Ground, *, subject: Subject) -> int:
    if ground.test(subject) is None:
        return 0
    return 1 if ground.is_word(subject) else 2


def _is_word(field: Field) -> _IsWord:
    if not field.may_be_word:
        return _never
    if field.kind is FieldKind.REQUEST:
        return _is_request_word
    name = field.path[0]
    if field.kind is FieldKind.SIGNAL:
        return _is_word_of_signal(name)

    def is_word(subject: Subject) -> bool:
        fact = subject.context.facts.get(name)
        return fact is not None and fact.trust is Trust.ASSERTED

    return is_word


def _is_request_word(subject: Subject) -> bool:
    context = subject.context
    return context.original_request is not None and context.request_trust is Trust.ASSERTED


def _is_word_of_signal(name: str) -> _IsWord:
    def is_word(subject: Subject) -> bool:
        context = subject.context
        return context.risk_signals.get(name) is not None and context.request_trust is Trust.ASSERTED

    return is_word


def _never(subject: Subject) -> bool:
    return False
