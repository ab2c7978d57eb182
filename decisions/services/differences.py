"""How two policies differ, rule by rule, in sentences for whoever is to approve the newer one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from decisions.engine.document import PolicyDocument, canonical_form
from decisions.engine.verdict import Decision
from receipts.signing.canonical import JSON

_STRICTNESS = {verdict.value: rank for rank, verdict in enumerate(Decision)}
# What a rule's parts are called. What is not here, such as its id, is no difference by itself.
_PARTS: Mapping[str, str] = {
    "decision": "decision",
    "priority": "priority",
    "mode": "mode",
    "trust": "trust",
    "risk_level": "risk level",
    "classification": "classification",
    "condition": "when it holds",
    "counting": "what it counts",
    "stages": "who must approve",
    "timeout_seconds": "seconds to wait",
    "threshold": "confidence that it demands",
    "modifications": "what it changes",
    "labels": "labels that it sets",
    "context_needed": "context that it waits for",
    "renews": "context that it asks for again",
    "resolvers": "who may supply that context",
    "on_timeout": "who is asked in the end",
    "escalation": "escalation",
    "questions": "questions to the reviewer",
    "editable": "what the reviewer may change",
    "hold_seconds": "seconds to take an approval back",
    "denials": "people who must say no",
    "reason": "reason",
}


class Kind(StrEnum):
    """What happened to a rule, or to what the policy says as a whole."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference in words. `rule` is empty for what concerns the whole policy."""

    kind: Kind
    rule: str
    sentence: str


def differences(before: PolicyDocument | None, after: PolicyDocument) -> tuple[Difference, ...]:
    """Everything that can change a ruling: first the policy as a whole, then its rules by name."""
    old = cast("dict[str, Any]", canonical_form(before)) if before else {"rules": []}
    new = cast("dict[str, Any]", canonical_form(after))
    return (*_whole(old, new), *_rules(_by_id(old), _by_id(new)))


def _by_id(form: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["id"]: {**rule, **(rule["consequence"] or {"decision": None})} for rule in form["rules"]}


def _whole(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted((set(old) | set(new)) - {"rules"}):
        if old.get(name) != new.get(name):
            yield Difference(Kind.CHANGED, "", f"{name.replace('_', ' ')}: {_step(old.get(name), new.get(name))}")


def _rules(old: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]]) -> Iterator[Difference]:
    for name in sorted(set(old) | set(new)):
        if name not in old:
            yield Difference(Kind.ADDED, name, _described(new[name]))
        elif name not in new:
            yield Difference(Kind.REMOVED, name, _described(old[name]))
        elif old[name] != new[name]:
            yield Difference(Kind.CHANGED, name, _changed(old[name], new[name]))


def _described(rule: Mapping[str, Any]) -> str:
    verdict = rule["decision"] or "sets labels"
    return f"{verdict}, priority {rule['priority']}, {rule.get('mode', 'enforce')}"


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    changed = [
        f"{words}: {_step(old.get(part), new.get(part))}"
        for part, words in _PARTS.items()
        if old.get(part) != new.get(part)
    ]
    return "; ".join([*changed, *_direction(old["decision"], new["decision"])])


def _step(old: JSON, new: JSON) -> str:
    plain = all(value is None or isinstance(value, (str, int, float)) for value in (old, new))
    return f"{_word(old)} → {_word(new)}" if plain else "changed"


def _word(value: JSON) -> str:
    return "none" if value is None else str(value)


def _direction(old: str | None, new: str | None) -> list[str]:
    """Whether the decision itself became stricter. Nothing is said of conditions, which would have to be compared."""
    if old is None or new is None or old == new:
        return []
    return ["stricter" if _STRICTNESS[new] > _STRICTNESS[old] else "looser"]
