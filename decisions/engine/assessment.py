"""One look at the rules, in the middle of an evaluation, and all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from decisions.engine.baseline import Baseline
from decisions.engine.confidence import FULL
from decisions.engine.fields import Subject
from decisions.engine.policy import CompiledRule
from decisions.engine.verdict import Counted, Modification


@dataclass(frozen=True, slots=True)
class Assessment:
    """The rules that hold for `subject`, those that are unknown, those of the latter that matter, and what follows.

    `confidence` is in hundredths.
    """

    subject: Subject
    holding: Sequence[CompiledRule]
    unknown: Sequence[CompiledRule]
    blocking: Sequence[CompiledRule]
    outcome: Baseline
    confidence: int = FULL


@dataclass(frozen=True, slots=True)
class Course:
    """An evaluation from beginning to end: one or more rounds, what they changed, and what follows in the end.

    `counted` is what the action adds to rates and budgets if it goes on.
    """

    rounds: Sequence[Assessment]
    modifications: tuple[Modification, ...]
    outcome: Baseline
    counted: tuple[Counted, ...] = ()
