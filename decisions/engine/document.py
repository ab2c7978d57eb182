"""A policy as its author wrote it, checked but not compiled, and the canonical form that its hash is taken of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass

from decisions.engine.conditions import Condition
from decisions.engine.context import Trust
from decisions.engine.fields import Field
from decisions.engine.rewrite import Change
from decisions.engine.verdict import Classification, Decision, RiskLevel, Stage
from receipts.signing.canonical import JSON

# Part of the hash, so that a later meaning of the same words can't pass for this one.
LANGUAGE = "aarm-policy/1"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a rule, or the default posture, leads to.

    `timeout_seconds` is set for STEP_UP and DEFER, `stages` for STEP_UP, `modifications` for MODIFY. `context_needed`
    is what a DEFER waits for: such a rule applies only while one of these fields is not known.
    """

    decision: Decision
    reason: str
    risk_level: RiskLevel
    classification: Classification | None = None
    modifications: tuple[Change, ...] = ()
    stages: tuple[Stage, ...] = ()
    context_needed: tuple[Field, ...] = ()
    timeout_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. A rule without a consequence only sets labels. Higher priorities win; `trust` is what facts need."""

    id: str
    condition: Condition
    consequence: Consequence | None
    priority: int = 0
    trust: Trust = Trust.ATTESTED
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A whole policy. `description` explains it to people and is no part of the canonical form."""

    id: str
    version: str
    description: str
    default: Consequence
    organisation_domains: tuple[str, ...]
    rules: tuple[Rule, ...]


def canonical_form(document: PolicyDocument) -> JSON:
    """Everything that can change a ruling, as a JSON value: two spellings of the same policy give the same form."""
    return {
        "language": LANGUAGE,
        "id": document.id,
        "version": document.version,
        "default": _plain(document.default),
        "organisation_domains": _plain(frozenset(document.organisation_domains)),
        "rules": _plain(document.rules),
    }


def _plain(value: object) -> JSON:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, frozenset):
        return [_plain(item) for item in sorted(value)]
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    assert is_dataclass(value), type(value)
    parts = {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return {"kind": type(value).__name__, **parts}
