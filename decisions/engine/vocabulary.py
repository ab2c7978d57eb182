"""What the rules of a policy may refer to: words that other parts of it define."""

from __future__ import annotations

from dataclasses import dataclass

from decisions.engine.levels import STANDARD_LEVELS, Levels
from decisions.engine.source import Findings
from decisions.engine.verdict import Stage


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The levels of data, the names of categories (folded), and whether the policy says which domains are its own."""

    levels: Levels = STANDARD_LEVELS
    categories: frozenset[str] = frozenset()
    has_organisation: bool = True


STANDARD_VOCABULARY = Vocabulary()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the readers of rules pass on. `is_constraint`: they read what must be so, not when a rule applies.

    `approvers` are asked where a rule names nobody.
    """

    findings: Findings
    vocabulary: Vocabulary = STANDARD_VOCABULARY
    is_constraint: bool = False
    approvers: tuple[Stage, ...] = ()
