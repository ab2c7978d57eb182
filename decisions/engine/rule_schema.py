"""The JSON Schema of a rule and of what it leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from decisions.engine.changes import ChangeKind
from decisions.engine.consequences import CLASSIFIED, KEY_DECISIONS, LONGEST_REASON, RESOLVER, TIMEOUT_ACTIONS
from decisions.engine.context import Trust
from decisions.engine.document import Mode
from decisions.engine.match_schema import SECONDS
from decisions.engine.modifications import LONGEST_REMAINDER, MODIFICATION_KEYS
from decisions.engine.routes import GROUP, LARGEST_QUORUM, LONGEST_QUESTION, MOST_QUESTIONS
from decisions.engine.rules import EFFECT_KEYS, HIGHEST_PRIORITY, LABEL_KEYS, LONGEST_TITLE, RULE_ID, RULE_KEYS
from decisions.engine.schema_parts import (
    ANYTHING,
    NUMBER,
    TEXT,
    Schema,
    mapping,
    named,
    one_of,
    one_or_more,
    reference,
    sentence,
    spelled,
    text,
    whole,
)
from decisions.engine.verdict import Classification, Decision, RiskLevel

_CONDITIONS = tuple(spelling for spelling, name in RULE_KEYS.items() if name in {"match", "condition"})
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}


def rule_definitions() -> dict[str, Schema]:
    """What rules are made of, for `$defs`."""
    return {
        "rule": _rule(),
        "approvers": _approvers(),
        "escalation": one_or_more(_escalation()),
        "labels": one_or_more(TEXT),
        "modifications": one_or_more(_modifications()),
    }


def consequence_members() -> dict[str, Schema]:
    """What may stand beside an action, by its canonical name."""
    timeouts = sorted({word for words in TIMEOUT_ACTIONS.values() for word in words})
    return {
        "action": one_of(Decision),
        "classification": one_of(Classification),
        "risk_level": one_of(RiskLevel),
        "reason": sentence(LONGEST_REASON),
        "threshold": SHARE,
        "approvers": reference("approvers"),
        "quorum": whole(1, LARGEST_QUORUM),
        "timeout": SECONDS,
        "timeout_action": one_of(timeouts),
        "escalation": reference("escalation"),
        "questions": one_or_more(sentence(LONGEST_QUESTION), longest=MOST_QUESTIONS),
        "editable": one_or_more(TEXT),
        "hold": SECONDS,
        "denials": whole(1, LARGEST_QUORUM),
        "context_needed": one_or_more(TEXT),
        "resolvers": one_or_more(text(RESOLVER)),
        "modifications": reference("modifications"),
    }


def _rule() -> Schema:
    labels = mapping(dict.fromkeys(LABEL_KEYS, reference("labels")), minProperties=1)
    members = {
        **consequence_members(),
        "id": text(RULE_ID),
        "name": sentence(LONGEST_TITLE),
        "match": reference("match"),
        "condition": reference("match"),
        "context": reference("context"),
        "constraints": reference("constraints"),
        "effect": mapping(dict.fromkeys(EFFECT_KEYS, labels), minProperties=1),
        "priority": whole(-HIGHEST_PRIORITY, HIGHEST_PRIORITY),
        "trust": one_of(Trust),
        "mode": one_of(Mode),
    }
    rule = mapping(spelled(RULE_KEYS, schemas=members))
    either = [{"anyOf": [{"required": [name]} for name in names]} for names in (("id", "name"), _CONDITIONS)]
    return {**rule, "allOf": [*either, *_limits()]}


def _limits() -> Iterator[Schema]:
    """For every action, what means nothing beside it."""
    spellings: Mapping[str, list[str]] = {
        name: [spelling for spelling, meant in RULE_KEYS.items() if meant == name] for name in RULE_KEYS.values()
    }
    for decision in Decision:
        useless = [key for key, decisions in KEY_DECISIONS.items() if decision not in decisions]
        if decision is Decision.DENY:
            useless.remove("approvers")
        refused: dict[str, Any] = {spelling: False for key in useless for spelling in spellings[key]}
        fitting = [name for name, decisions in CLASSIFIED.items() if decision in decisions]
        refused["classification"] = one_of(fitting)
        for spelling in spellings["action"]:
            is_this = {"properties": {spelling: {"const": decision.value}}, "required": [spelling]}
            yield {"if": is_this, "then": {"properties": refused}}


def _approvers() -> Schema:
    group = text(GROUP)
    stage = mapping({"group": group, "count": whole(1, LARGEST_QUORUM)}, required=("group",))
    return one_or_more({"anyOf": [group, stage]})


def _escalation() -> Schema:
    return mapping({"after": SECONDS, "to": one_or_more(text(GROUP))}, required=("after", "to"))


def _modifications() -> Schema:
    kinds = spelled(MODIFICATION_KEYS, schemas=_changes())
    return mapping(kinds, minProperties=1, patternProperties={"^parameters\\..": ANYTHING})


def _changes() -> Mapping[str, Schema]:
    names = one_or_more(TEXT)
    return {
        ChangeKind.REPLACE: named(ANYTHING),
        ChangeKind.CAP: named(NUMBER),
        ChangeKind.CLAMP: named({"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}),
        ChangeKind.REDACT: names,
        ChangeKind.MASK: named(whole(0, LONGEST_REMAINDER)),
        ChangeKind.ADD_FILTER: named(named(ANYTHING)),
        ChangeKind.REMOVE: names,
    }
