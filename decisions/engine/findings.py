"""What the linter says of a policy, and what it is said about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from decisions.engine.document import PolicyDocument, Rule
from decisions.engine.source import Place

_START = Place(line=1, column=1)


Gaps: TypeAlias = Mapping[str, tuple[tuple[datetime, datetime], ...]]


class Severity(StrEnum):
    """How sure it is that something is wrong: an error is never meant, a warning may be."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a policy says and hardly means.

    `line` and `column` count from 1, in the included text `source` (`pack:email`), which is empty for the policy
    itself. `why` and `fix` are sentences for people; `rule` is None for what concerns the policy as a whole.
    """

    source: str
    line: int
    column: int
    severity: Severity
    code: str
    why: str
    fix: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a check may look at.

    `groups` are the groups of approvers with the number of people who may approve in each, `tools` the names
    (`email.send`, `email`) of tools that exist; `gaps` the times (aware, from and to) in which nobody stands behind a
    group of which some may approve at other times. None where nobody said.
    """

    document: PolicyDocument
    groups: Mapping[str, int] | None = None
    tools: Collection[str] | None = None
    gaps: Gaps | None = None


def on_rule(rule: Rule, *, severity: Severity, code: str, why: str, fix: str) -> Finding:
    """A finding at the place of a rule."""
    return Finding(rule.source, rule.place.line, rule.place.column, severity, code, why, fix, rule.id)


def on_policy(*, severity: Severity, code: str, why: str, fix: str) -> Finding:
    """A finding that no single rule is about."""
    return Finding("", _START.line, _START.column, severity, code, why, fix)
