"""The fields that conditions can read: a table of kinds, each with its reader and the operators that fit it.

Adding a field is one more row here and its name below; the parser, the evaluator, the trace and the JSON Schema of the
language all read these tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from decisions.engine import supply
from decisions.engine.action import NAME_GRAMMAR, is_operation_name, is_tool_name
from decisions.engine.context import Environment, ToolEffect
from decisions.engine.detectors.table import KINDS
from decisions.engine.pointers import Path
from decisions.engine.subject import Field, FieldKind, Reader, Subject
from decisions.engine.supply import Supplier, of_catalogue, of_context, plain

__all__ = ["FIELDS", "Field", "FieldKind", "FieldSpec", "Reader", "Subject", "Words", "fact_field", "parameter_field"]


@dataclass(frozen=True, slots=True)
class Words:
    """Which words make sense beside a field, and how to say so."""

    accepts: Callable[[str], bool]
    grammar: str


LABEL = r"[A-Za-z][A-Za-z0-9_-]{0,63}"
_LABEL = re.compile(LABEL)
_FACT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
LABELS = Words(lambda text: _LABEL.fullmatch(text) is not None, "a letter, then letters, digits, _ or -, 64 at most")
FACT_NAMES = Words(lambda text: _FACT_NAME.fullmatch(text) is not None, "letters, digits, _ or -, 64 at most")
_TOOLS = Words(is_tool_name, NAME_GRAMMAR)
_OPERATIONS = Words(is_operation_name, NAME_GRAMMAR + "; an operation has no dot")
_EFFECTS = Words(lambda text: text in set(ToolEffect), "one of " + ", ".join(ToolEffect))
_FOUND = Words(lambda text: text.upper() in KINDS, "one of " + ", ".join(KINDS))
_ENVIRONMENTS = Words(lambda text: text in set(Environment), "one of " + ", ".join(Environment))


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """How fields of one kind are read and compared.

    `shorthand` and `list_shorthand` are the operators that a bare value and a bare list stand for. `folds` says that
    case and width never matter here; elsewhere a value that differs in nothing else is unknown. `words` limits which
    texts may stand beside the field, and `types` which types of value may.
    """

    reader: Supplier
    operators: frozenset[str]
    shorthand: str = "eq"
    list_shorthand: str = "in"
    folds: bool = False
    words: Words | None = None
    types: tuple[type, ...] = (str, int, float, bool)


_MISSING = frozenset({"absent", "unknown_or_conflicting"})
_COMPARING = frozenset({"eq", "in", "not_in", "not"})
_ORDERING = frozenset({"gt", "gte", "lt", "lte", "range"})
_NAMING = _COMPARING | {"matches", "glob"}
_SIZES = frozenset({"length", "min_length", "max_length"})
_PARTS = frozenset({"contains", "not_contains", "starts_with", "ends_with"})
_TIMES = frozenset({"before", "after", "older_than", "newer_than", "longer_than", "shorter_than"})
_PLACES = frozenset({"in_network", "domain_in", "domain_blocklist", "email_in", "path_within", "external"})
_INNER = frozenset({"every", "some", "none", "where", "type", "schema"})
_LEVELS = frozenset({"higher_than", "lower_than"})
_TEXT = _NAMING | _PARTS | _SIZES | _PLACES
_ANYTHING = _TEXT | _ORDERING | _TIMES | _INNER | _LEVELS | _MISSING
_MEMBERSHIP = frozenset({"contains", "not_contains", "not"}) | _SIZES
_NUMBER = _COMPARING | _ORDERING
_LEVEL = _COMPARING | _LEVELS


def _name(read: Callable[[Subject], object]) -> FieldSpec:
    """A name of someone or something, which may be missing."""
    return FieldSpec(plain(read), _TEXT | _MISSING, types=(str,))


def _set(
    supplier: Supplier, *, folds: bool, words: Words | None = None, more: frozenset[str] = _MEMBERSHIP
) -> FieldSpec:
    return FieldSpec(supplier, more, "contains", "contains", folds=folds, words=words, types=(str,))


FIELDS: Mapping[FieldKind, FieldSpec] = {
    FieldKind.TOOL: FieldSpec(plain(lambda subject: subject.tool), _NAMING, folds=True, words=_TOOLS, types=(str,)),
    FieldKind.OPERATION: FieldSpec(
        plain(lambda subject: subject.operation), _NAMING, folds=True, words=_OPERATIONS, types=(str,)
    ),
    FieldKind.WHOLE_NAME: FieldSpec(plain(supply.whole_name), frozenset({"in", "glob"}), folds=True),
    FieldKind.CATEGORY: FieldSpec(plain(supply.whole_name), frozenset({"in"}), "in", folds=True),
    FieldKind.EFFECT: FieldSpec(supply.effect, _COMPARING | _MISSING, folds=True, words=_EFFECTS, types=(str,)),
    FieldKind.REVERSIBLE: FieldSpec(of_catalogue("reversible"), frozenset({"eq", "not"}) | _MISSING, types=(bool,)),
    FieldKind.DATA_CLASS: _set(of_catalogue("data_class"), folds=True, words=LABELS, more=_MEMBERSHIP | _MISSING),
    FieldKind.KNOWN: FieldSpec(supply.is_known, frozenset({"eq", "not"}), types=(bool,)),
    FieldKind.PARAMETER: FieldSpec(supply.parameter, _ANYTHING),
    FieldKind.FACT: FieldSpec(supply.fact, _ANYTHING | {"max_age"}),
    FieldKind.REQUEST: FieldSpec(
        supply.request,
        _PARTS | _SIZES | _MISSING | {"matches", "glob", "not"},
        "contains",
        "contains",
        folds=True,
        types=(str,),
    ),
    FieldKind.INTENT: FieldSpec(
        of_context(lambda context: context.intent), _NAMING | _PARTS | _SIZES | _MISSING, folds=True, types=(str,)
    ),
    FieldKind.PROFILE: _name(lambda subject: subject.context.profile),
    FieldKind.DATA_KINDS: _set(
        of_context(lambda context: context.data_kinds), folds=True, words=LABELS, more=_MEMBERSHIP | _LEVELS
    ),
    FieldKind.DATA_LEVEL: FieldSpec(supply.data_level, _LEVEL, folds=True, types=(str,)),
    FieldKind.PARAMETER_KINDS: _set(plain(supply.parameter_kinds), folds=True, words=_FOUND),
    FieldKind.TOOLS_USED: _set(of_context(lambda context: context.tools_used), folds=True, words=_TOOLS),
    FieldKind.ENTITIES: _set(of_context(lambda context: context.entities), folds=True),
    FieldKind.TAINT: _set(of_context(lambda context: context.taint), folds=True),
    FieldKind.ACTION_COUNT: FieldSpec(of_context(lambda context: context.action_count), _NUMBER, types=(int, float)),
    FieldKind.SESSION_AGE: FieldSpec(of_context(lambda context: context.session_age), _NUMBER, types=(int, float)),
    FieldKind.AGENT: _name(lambda subject: subject.context.identity.agent),
    FieldKind.HUMAN: _name(lambda subject: subject.context.identity.human),
    FieldKind.SERVICE: _name(lambda subject: subject.context.identity.service),
    FieldKind.HOST: _name(lambda subject: subject.context.identity.host),
    FieldKind.SCOPE: _set(of_context(lambda context: context.identity.effective_scope), folds=False),
    FieldKind.DELEGATION_DEPTH: FieldSpec(
        of_context(lambda context: context.identity.delegation_depth), _NUMBER, types=(int, float)
    ),
    FieldKind.HUMAN_VERIFIED: FieldSpec(
        of_context(lambda context: context.identity.human_verified), frozenset({"eq", "not"}), types=(bool,)
    ),
    FieldKind.ENVIRONMENT: FieldSpec(
        of_context(lambda context: context.identity.environment), _COMPARING, words=_ENVIRONMENTS, types=(str,)
    ),
    FieldKind.SIGNAL: FieldSpec(supply.signal, _NUMBER | _MISSING, types=(int, float, bool)),
    FieldKind.UNTRUSTED_PARAMETERS: _set(plain(supply.untrusted_parameters), folds=False, more=_MEMBERSHIP | _MISSING),
    FieldKind.TIME: FieldSpec(of_context(lambda context: context.at), frozenset({"window", "before", "after"})),
    FieldKind.ACTIONS_SINCE: FieldSpec(supply.actions_since, _NUMBER),
    FieldKind.SECONDS_SINCE: FieldSpec(supply.seconds_since, _NUMBER),
    FieldKind.COUNTED: FieldSpec(supply.counted, frozenset({"rate", "budget"})),
    FieldKind.ITEM: FieldSpec(supply.item, _ANYTHING),
}

# Comparisons of these say which tool an action is about; they are never unknown.
NAME_KINDS = frozenset({FieldKind.TOOL, FieldKind.OPERATION, FieldKind.WHOLE_NAME, FieldKind.CATEGORY})

SIGNALS = (
    "injection_score",
    "anomaly_score",
    "semantic_distance",
    "cumulative_distance",
    "alignment",
    "session_risk",
    "source_trust",
    "scope_expansion",
    "classification_escalation",
    "unusual_sequence",
    "drift_detected",
    "velocity_anomaly",
    "chain_length_exceeded",
    "privilege_escalation",
)
# Published spellings beside our own.
_PLAIN_NAMES: Mapping[str, FieldKind] = {
    "operation": FieldKind.OPERATION,
    "original_request": FieldKind.REQUEST,
    **{kind.value: kind for kind in FieldKind if kind.startswith(("context.", "identity."))},
    "context.data_classification": FieldKind.DATA_KINDS,
    "context.prior_actions": FieldKind.TOOLS_USED,
    "context.session_accessed_data": FieldKind.DATA_KINDS,
    "context.user_intent": FieldKind.REQUEST,
    "context.chain_length": FieldKind.ACTION_COUNT,
    "identity.scope": FieldKind.SCOPE,
    "tool.category": FieldKind.CATEGORY,
    "tool.effect": FieldKind.EFFECT,
    "tool.reversible": FieldKind.REVERSIBLE,
    "tool.data_class": FieldKind.DATA_CLASS,
    "tool.known": FieldKind.KNOWN,
    "risk_signals.untrusted_parameters": FieldKind.UNTRUSTED_PARAMETERS,
}


def _members(family: str) -> tuple[str, ...]:
    return tuple(name.removeprefix(f"{family}.") for name in _PLAIN_NAMES if name.startswith(f"{family}."))


# Fields that the pages name without their family.
BARE_NAMES: Mapping[str, str] = {
    "semantic_distance": "risk_signals.semantic_distance",
    "chain_length": "context.chain_length",
    "data_classification_accessed": "context.data_classification",
}

CONTEXT_NAMES = _members("context")
IDENTITY_NAMES = _members("identity")
CATALOGUE_NAMES = _members("tool")
SIGNAL_NAMES = (*SIGNALS, *_members("risk_signals"))


def parameter_field(path: Path) -> Field:
    """The field of a parameter, or with an empty path that of all of them together."""
    return Field(FieldKind.PARAMETER, path)


def fact_field(name: str) -> Field:
    """The field of a fact."""
    return Field(FieldKind.FACT, (name,))


def plain_field(name: str) -> Field | None:
    """The field without a path that `name` stands for, published spellings included, or that of a risk signal."""
    name = BARE_NAMES.get(name, name)
    family, _, signal = name.partition(".")
    if family == FieldKind.SIGNAL and signal in SIGNALS:
        return Field(FieldKind.SIGNAL, (signal,))
    kind = _PLAIN_NAMES.get(name)
    return None if kind is None else Field(kind)
