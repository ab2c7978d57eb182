"""What can go wrong before a policy holds. Evaluation itself is total: whatever it can't judge becomes a ruling.

EngineError             code, why, fix
├── PolicyError         problems: every fault of one policy text, each with its place
├── ObstacleError       a change that can't be made; never leaves `rewrite.py`
└── BudgetError         an evaluation that looks at too much; never leaves `pdp.py`
"""

from __future__ import annotations

from dataclasses import dataclass


class EngineError(Exception):
    """Base of everything that this package raises. `why` and `fix` are sentences for people, `code` is for programs."""

    code = "engine_error"

    def __init__(self, why: str, *, fix: str) -> None:
        super().__init__(why)
        self.why = why
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a policy text. `line` and `column` count from 1; `source` is there for an included text."""

    line: int
    column: int
    code: str
    why: str
    fix: str
    source: str = ""


class PolicyError(EngineError):
    """A policy text that can't take effect. Nothing of it is used; `problems` is never empty and in reading order."""

    code = "invalid_policy"

    def __init__(self, problems: tuple[Problem, ...], *, source: str) -> None:
        self.problems = problems
        self.source = source
        lines = (f"{found.source or source}:{found.line}:{found.column}: {found.why} {found.fix}" for found in problems)
        super().__init__("\n".join(lines), fix="Correct every place named and load the policy again.")


class ObstacleError(EngineError):
    """A change of parameters that can't be made as its rule means it. `rewrite` catches it and reports the path."""

    code = "obstacle"


class BudgetError(EngineError):
    """An evaluation that looks at more rules and list items than one may. The procedure turns it into a denial."""

    code = "policy_budget"
