"""Reading pieces of a policy by themselves: what a `match:` or `constraints:` says of an action, or what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from decisions.engine.catalogue import EMPTY_CATALOGUE, Catalogue, catalogue_of
from decisions.engine.catalogue_reading import read_categories, read_tools_block
from decisions.engine.closures import compile_condition
from decisions.engine.conditions import Condition
from decisions.engine.constraints import read_constraints
from decisions.engine.context import Trust
from decisions.engine.fields import Subject
from decisions.engine.folding import fold
from decisions.engine.matching import read_match
from decisions.engine.scope import Scope
from decisions.engine.source import Findings, read_source
from decisions.engine.vocabulary import Reading, Vocabulary
from receipts.signing.canonical import JSON
from tests.unit.engine.scenes import context

Problems = list[tuple[int, int, str]]


def catalogue(tools: str = "[]", categories: str = "{}") -> tuple[Catalogue, Problems]:
    """The catalogue of the text of `tools:` and `categories:`, and what is wrong with it."""
    findings = Findings()
    trees = [read_source(text, findings=findings) for text in (tools, categories)]
    assert trees[0] is not None
    assert trees[1] is not None
    entries = read_tools_block(trees[0], findings=findings)
    return catalogue_of(entries, categories=read_categories(trees[1], findings=findings)), _shown(findings)


def read(
    text: str,
    *,
    read_node: Callable[..., Condition | None] = read_match,
    about: Catalogue = EMPTY_CATALOGUE,
    has_organisation: bool = True,
) -> tuple[Condition | None, Findings]:
    """The condition that a piece of a policy stands for, and the findings."""
    findings = Findings()
    tree = read_source(text, findings=findings)
    assert tree is not None
    vocabulary = Vocabulary(categories=about.category_names(), has_organisation=has_organisation)
    return read_node(tree, reading=Reading(findings, vocabulary)), findings


def condition(text: str, **options: Any) -> Condition:
    """The same, where nothing may be wrong."""
    found, findings = read(text, **options)
    assert found is not None, findings.all()
    assert not findings.all()
    return found


def problems(text: str, **options: Any) -> Problems:
    """What is wrong: line, column and code."""
    found, findings = read(text, **options)
    assert found is not None or findings.all()
    return _shown(findings)


def advice(text: str, **options: Any) -> str:
    """What the first problem says to write instead."""
    return read(text, **options)[1].all()[0].fix


def subject(name: str = "tool.call", parameters: Mapping[str, JSON] | None = None, **around: Any) -> Subject:
    """An action `tool.operation` in a context with these changes."""
    tool, _, operation = name.rpartition(".")
    return Subject(fold(tool), fold(operation), parameters or {}, context(**around))


def truth(text: str, about: Subject, *, scope: Scope | None = None, trust: Trust = Trust.ATTESTED) -> bool | None:
    """What a `match:` says of an action."""
    scope = scope or Scope(trust=trust)
    return compile_condition(condition(text, about=scope.catalogue), scope=scope).test(about)


def violated(text: str, about: Subject, *, scope: Scope | None = None) -> bool | None:
    """Whether one of some `constraints:` is violated by an action."""
    scope = scope or Scope()
    found = condition(text, read_node=read_constraints, about=scope.catalogue)
    return compile_condition(found, scope=scope).test(about)


def _shown(findings: Findings) -> Problems:
    return [(found.line, found.column, found.code) for found in findings.all()]
