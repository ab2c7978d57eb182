"""A policy as its author wrote it, checked but not compiled, and the canonical form that its hash is taken of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import Field as DataclassField
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum

from decisions.engine.catalogue import EMPTY_CATALOGUE, Catalogue
from decisions.engine.changes import Change
from decisions.engine.conditions import AllOf, AnyOf, Condition
from decisions.engine.context import Trust
from decisions.engine.counters import Per
from decisions.engine.examples import Case
from decisions.engine.fields import Field
from decisions.engine.levels import STANDARD_GRADING, STANDARD_NAMES, Grading
from decisions.engine.metatools import MetaTool, Runner
from decisions.engine.pointers import Path
from decisions.engine.source import Place
from decisions.engine.verdict import (
    NO_THRESHOLDS,
    Classification,
    Decision,
    Escalation,
    RiskLevel,
    Route,
    Stage,
    Thresholds,
)
from receipts.signing.canonical import JSON, canonical_bytes

# Part of the hash, so that a later meaning of the same words can't pass for this one.
LANGUAGE = "aarm-policy/2"
# Marks what the language learned after policies had been published: left out of the form where it isn't used, so that
# their hashes stand.
_LEARNED = {"learned": True}
# What is there for people and can change no ruling.
_EXPLAINING = frozenset({"title", "description"})


class Mode(StrEnum):
    """Whether a rule decides, or is only evaluated and recorded."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a rule, or the default posture, leads to.

    `timeout_seconds` is set for STEP_UP and DEFER, `stages` (with `escalation`, `questions`, `editable`, JSON pointers,
    `hold_seconds` and `denials`) for STEP_UP, `modifications` for MODIFY. `context_needed` is what a DEFER waits for:
    such a rule applies only while one of these fields is not known. `renews` it waits for too, known or not.
    `resolvers` may supply either. A DEFER with `on_timeout` asks people in the end. `threshold` is the confidence that
    the rule demands.
    """

    decision: Decision
    reason: str
    risk_level: RiskLevel
    classification: Classification | None = None
    modifications: tuple[Change, ...] = ()
    stages: tuple[Stage, ...] = ()
    context_needed: tuple[Field, ...] = ()
    timeout_seconds: int | None = None
    threshold: float = 0.0
    escalation: tuple[Escalation, ...] = ()
    questions: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()
    hold_seconds: int | None = field(default=None, metadata=_LEARNED)
    denials: int = field(default=1, metadata=_LEARNED)
    renews: tuple[Field, ...] = ()
    resolvers: tuple[str, ...] = ()
    on_timeout: Route | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """What a rule with a rate or a budget counts: the actions for which `match` holds.

    `amount` is the path of the parameter that a budget adds up; None counts every action as 1.
    """

    match: Condition
    per: Per
    window_seconds: int
    amount: Path | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. A rule without a consequence only sets labels. Higher priorities win; `trust` is what facts need.

    `condition` is the whole of it: the match, and that one of the constraints is violated. `title` is for people.
    `place` is where it is written, in the included text `source`, which is empty for the policy itself.
    """

    id: str
    condition: Condition
    consequence: Consequence | None
    priority: int = 0
    trust: Trust = Trust.ATTESTED
    labels: frozenset[str] = frozenset()
    mode: Mode = Mode.ENFORCE
    counting: Counting | None = None
    title: str = ""
    place: Place = field(default=Place(line=1, column=1), compare=False)
    source: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A whole policy, with what it includes.

    `meta_tools` and `runners` are its own entries in the table of what stands for others. `description` explains it to
    people, `cases` are its tests; neither is part of the canonical form. `tested_parts` are the included policies that
    bring cases of their own, each as it is when it stands alone.
    """

    id: str
    version: str
    description: str
    default: Consequence
    organisation_domains: tuple[str, ...]
    rules: tuple[Rule, ...]
    organisation_networks: tuple[str, ...] = ()
    thresholds: Thresholds = NO_THRESHOLDS
    levels: tuple[str, ...] = STANDARD_NAMES
    grading: Grading = STANDARD_GRADING
    catalogue: Catalogue = EMPTY_CATALOGUE
    meta_tools: tuple[MetaTool, ...] = ()
    runners: tuple[Runner, ...] = ()
    cases: tuple[Case, ...] = ()
    tested_parts: tuple[PolicyDocument, ...] = ()


def canonical_form(document: PolicyDocument) -> JSON:
    """Everything that can change a ruling, as a JSON value: two spellings of the same policy give the same form.

    The order of rules, of tools and of what stands together in a group means nothing, so it is lost here.
    """
    opened = {"meta_tools": document.meta_tools, "runners": document.runners}
    is_graded = document.grading != STANDARD_GRADING
    return {
        "language": LANGUAGE,
        "id": document.id,
        "version": document.version,
        "default": _plain(document.default),
        "organisation_domains": _plain(frozenset(document.organisation_domains)),
        "organisation_networks": _plain(frozenset(document.organisation_networks)),
        "rules": _in_any_order(document.rules),
        "thresholds": _plain(document.thresholds),
        "levels": _plain(document.levels),
        "catalogue": _plain(document.catalogue),
        # A policy that says nothing of these keeps the hash that it had before there were any.
        **({"classification": _plain(document.grading)} if is_graded else {}),
        **{name: _in_any_order(entries) for name, entries in opened.items() if entries},
    }


def _in_any_order(items: Iterable[object]) -> JSON:
    return sorted(map(_plain, items), key=canonical_bytes)


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
    if isinstance(value, (AllOf, AnyOf)):
        return {"kind": type(value).__name__, "items": _in_any_order(value.items)}
    if isinstance(value, Catalogue):
        return {"tools": _in_any_order(value.tools), "categories": _plain(value.categories)}
    assert is_dataclass(value), type(value)
    parts = {
        each.name: _plain(getattr(value, each.name))
        for each in fields(value)
        if each.compare and each.name not in _EXPLAINING and not _is_unused(each, getattr(value, each.name))
    }
    return {"kind": type(value).__name__, **parts}


def _is_unused(member: DataclassField[object], value: object) -> bool:
    return "learned" in member.metadata and value == member.default
