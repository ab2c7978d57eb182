"""One look at the rules, in the middle of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from decisions.engine.baseline import Baseline
from decisions.engine.fields import Subject
from decisions.engine.policy import CompiledRule


@dataclass(frozen=True, slots=True)
class Assessment:
    """The rules that hold for `subject`, those that are unknown, those of the latter that matter, and what follows."""

    subject: Subject
    holding: Sequence[CompiledRule]
    unknown: Sequence[CompiledRule]
    blocking: Sequence[CompiledRule]
    outcome: Baseline
