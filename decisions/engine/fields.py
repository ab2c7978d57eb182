"""The fields that conditions can read: a table of kinds, each with its reader and the operators that fit it.

A reader gives None for what a condition can't rely on: missing, null, or only asserted where the rule wants attested.
Adding a field is one more row here; the parser, the evaluator and the trace all read this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from decisions.engine.action import NAME_GRAMMAR, is_operation_name, is_tool_name
from decisions.engine.context import Context, ToolEffect, Trust
from decisions.engine.pointers import Path, pointer, value_at
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class Subject:
    """What one evaluation is about. `tool` and `operation` are folded."""

    tool: str
    operation: str
    parameters: Mapping[str, JSON]
    context: Context


Reader: TypeAlias = Callable[[Subject], object]


class FieldKind(StrEnum):
    """The families of fields; the value is how a field of it is named in policies and traces."""

    TOOL = "tool"
    OPERATION = "operation"
    EFFECT = "tool.effect"
    PARAMETER = "parameters"
    FACT = "facts"
    REQUEST = "context.original_request"
    DATA_KINDS = "context.data_kinds"
    TOOLS_USED = "context.tools_used"
    ACTION_COUNT = "context.action_count"


@dataclass(frozen=True, slots=True)
class Field:
    """One readable place. Only parameters and facts have a `path`."""

    kind: FieldKind
    path: Path = ()

    @property
    def name(self) -> str:
        """The name in traces: `parameters.to`, or `parameters/a.b` where a member's own name has a dot or slash."""
        if any("." in part or "/" in part for part in self.path):
            return self.kind + pointer(self.path)
        return ".".join((self.kind, *self.path))

    @property
    def evidence(self) -> str:
        """The name under which a DEFER asks for it: a fact's bare name, otherwise `name`."""
        return self.path[0] if self.kind is FieldKind.FACT else self.name


def _tool(path: Path, trust: Trust) -> Reader:
    return lambda subject: subject.tool


def _operation(path: Path, trust: Trust) -> Reader:
    return lambda subject: subject.operation


def _effect(path: Path, trust: Trust) -> Reader:
    return lambda subject: subject.context.tool_effect


def _parameter(path: Path, trust: Trust) -> Reader:
    if len(path) > 1:
        return lambda subject: value_at(subject.parameters, path=path)
    name = path[0]
    return lambda subject: subject.parameters.get(name)


def _fact(path: Path, trust: Trust) -> Reader:
    name = path[0]

    def read(subject: Subject) -> object:
        fact = subject.context.facts.get(name)
        return fact.value if fact is not None and _suffices(fact.trust, trust) else None

    return read


def _request(path: Path, trust: Trust) -> Reader:
    def read(subject: Subject) -> object:
        context = subject.context
        return context.original_request if _suffices(context.request_trust, trust) else None

    return read


def _data_kinds(path: Path, trust: Trust) -> Reader:
    return lambda subject: subject.context.data_kinds


def _tools_used(path: Path, trust: Trust) -> Reader:
    return lambda subject: subject.context.tools_used


def _action_count(path: Path, trust: Trust) -> Reader:
    return lambda subject: subject.context.action_count


def _suffices(given: Trust, wanted: Trust) -> bool:
    return given is Trust.ATTESTED or wanted is Trust.ASSERTED


@dataclass(frozen=True, slots=True)
class Words:
    """Which words make sense beside a field, and how to say so."""

    accepts: Callable[[str], bool]
    grammar: str


_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_FACT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
LABELS = Words(lambda text: _LABEL.fullmatch(text) is not None, "a letter, then letters, digits, _ or -, 64 at most")
FACT_NAMES = Words(lambda text: _FACT_NAME.fullmatch(text) is not None, "letters, digits, _ or -, 64 at most")
_TOOLS = Words(is_tool_name, NAME_GRAMMAR)
_OPERATIONS = Words(is_operation_name, NAME_GRAMMAR + "; an operation has no dot")
_EFFECTS = Words(lambda text: text in set(ToolEffect), "one of " + ", ".join(ToolEffect))


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """How fields of one kind are read and compared.

    `shorthand` and `list_shorthand` are the operators that a bare value and a bare list stand for. `folds` says that
    case and width never matter here; elsewhere a value that differs in nothing else is unknown. `words` limits what may
    stand beside the field.
    """

    reader: Callable[[Path, Trust], Reader]
    operators: frozenset[str]
    shorthand: str = "eq"
    list_shorthand: str = "in"
    folds: bool = False
    words: Words | None = None


_COMPARING = frozenset({"eq", "in", "not"})
_ORDERING = frozenset({"gt", "gte", "lt", "lte"})
_ANYTHING = _COMPARING | _ORDERING | {"contains", "matches", "external", "absent"}
_MEMBERSHIP = frozenset({"contains", "not"})

FIELDS: Mapping[FieldKind, FieldSpec] = {
    FieldKind.TOOL: FieldSpec(_tool, _COMPARING | {"matches"}, folds=True, words=_TOOLS),
    FieldKind.OPERATION: FieldSpec(_operation, _COMPARING | {"matches"}, folds=True, words=_OPERATIONS),
    FieldKind.EFFECT: FieldSpec(_effect, _COMPARING | {"absent"}, folds=True, words=_EFFECTS),
    FieldKind.PARAMETER: FieldSpec(_parameter, _ANYTHING),
    FieldKind.FACT: FieldSpec(_fact, _ANYTHING),
    FieldKind.REQUEST: FieldSpec(
        _request, frozenset({"contains", "matches", "not", "absent"}), "contains", "contains", folds=True
    ),
    FieldKind.DATA_KINDS: FieldSpec(_data_kinds, _MEMBERSHIP, "contains", "contains", folds=True, words=LABELS),
    FieldKind.TOOLS_USED: FieldSpec(_tools_used, _MEMBERSHIP, "contains", "contains", folds=True, words=_TOOLS),
    FieldKind.ACTION_COUNT: FieldSpec(_action_count, _COMPARING | _ORDERING),
}

# Published spellings beside our own.
_PLAIN_NAMES: Mapping[str, FieldKind] = {
    "operation": FieldKind.OPERATION,
    "original_request": FieldKind.REQUEST,
    "context.original_request": FieldKind.REQUEST,
    "context.data_kinds": FieldKind.DATA_KINDS,
    "context.data_classification": FieldKind.DATA_KINDS,
    "context.tools_used": FieldKind.TOOLS_USED,
    "context.prior_actions": FieldKind.TOOLS_USED,
    "context.action_count": FieldKind.ACTION_COUNT,
}
CONTEXT_NAMES = tuple(name.removeprefix("context.") for name in _PLAIN_NAMES if name.startswith("context."))


def parameter_field(path: Path) -> Field:
    """The field of a parameter."""
    return Field(FieldKind.PARAMETER, path)


def fact_field(name: str) -> Field:
    """The field of a fact."""
    return Field(FieldKind.FACT, (name,))


def plain_field(name: str) -> Field | None:
    """The field without a path that `name` stands for, published spellings included."""
    kind = _PLAIN_NAMES.get(name)
    return None if kind is None else Field(kind)
