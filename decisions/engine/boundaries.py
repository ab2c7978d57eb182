"""Intent boundaries and re-validation: limits of whole sessions, read as the rules that they are.

Each limit becomes a rule in the policy's own terms, so that precedence, the unknown, traces and explanations treat it
like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from decisions.engine.conditions import Comparison, Condition, Negation, all_of
from decisions.engine.consequences import read_consequence
from decisions.engine.document import Consequence, Mode, Rule
from decisions.engine.field_matching import read_operator
from decisions.engine.fields import Field, FieldKind, fact_field
from decisions.engine.readers import Entry, read_choice, read_integer, read_mapping, read_seconds, wrong_type
from decisions.engine.routes import LONGEST_TIMEOUT
from decisions.engine.rules import Placed
from decisions.engine.source import Findings, Node, Place, Scalar
from decisions.engine.source import Mapping as MappingNode
from decisions.engine.tool_matching import read_tool
from decisions.engine.verdict import Classification, Decision
from decisions.engine.vocabulary import Reading

LIMIT_PRIORITY = 1_000_000
LONGEST_CHAIN = 1_000_000
LONGEST_SESSION = 366 * 24 * 3600
CONFIRMATION = "user_confirmation"

_ReadLimit: TypeAlias = Callable[[Node, Reading], Condition | None]

INTENT = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_INTENT = re.compile(INTENT)
# What an intent may say beside its limits about what follows where one is passed.
FOLLOWING_KEYS = ("action", "approvers", "quorum", "timeout", "reason", "risk_level")
FOLLOWING = {"DENY": Decision.DENY, "STEP_UP": Decision.STEP_UP, "DEFER": Decision.DEFER}
REVALIDATION_KEYS = ("interval", "method", "timeout", "timeout_action")
# What waits too long is denied, and since the next action waits again, the session pauses by that.
REVALIDATION_TIMEOUTS = ("DENY", "PAUSE")
_REVALIDATION = {name: name for name in REVALIDATION_KEYS}
METHODS = (CONFIRMATION,)

INTERVAL = r"([1-9][0-9]{0,6})_(actions?|minutes?|hours?|days?)"
_INTERVAL = re.compile(INTERVAL)
_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}


def read_boundaries(node: Node, *, mode: Mode, reading: Reading) -> tuple[Placed, ...]:
    """The rules of `intent_boundaries:`, called `intent_boundaries/INTENT/LIMIT`."""
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted="a mapping of intents to limits", findings=reading.findings)
        return ()
    return tuple(rule for key, limits in node.entries for rule in _read_intent(key, limits, mode=mode, reading=reading))


def read_revalidation(node: Node, *, mode: Mode, findings: Findings) -> Rule | None:
    """The rule of `re_validation:`, which defers until somebody has confirmed the session again."""
    entries = read_mapping(node, keys=_REVALIDATION, what="`re_validation`", findings=findings)
    if entries is None:
        return None
    for name in ("interval", "method"):
        if name not in entries:
            findings.report(node.place, code="missing_key", why=f"`{name}` is missing.", fix=f"Add `{name}:`.")
            return None
    method, choices = entries["method"].node, {name: name for name in METHODS}
    if not isinstance(method, Scalar) or method.text not in choices:
        wrong_type(method, wanted=f"one of {', '.join(METHODS)}", findings=findings)
    if "timeout_action" in entries:
        _check_ending(entries["timeout_action"].node, findings=findings)
    condition = _read_interval(entries["interval"].node, findings=findings)
    reason = "The session has gone on for so long that its user has to confirm it again."
    waiting = {name: entry for name, entry in entries.items() if name == "timeout"}
    consequence = read_consequence(waiting, decision=Decision.DEFER, place=node.place, reason=reason, findings=findings)
    if condition is None:
        return None
    renewed = replace(consequence, renews=(fact_field(CONFIRMATION),))
    return Rule("re_validation", condition, renewed, priority=LIMIT_PRIORITY, mode=mode)


def _check_ending(node: Node, *, findings: Findings) -> None:
    if not isinstance(node, Scalar) or node.text not in REVALIDATION_TIMEOUTS:
        wrong_type(node, wanted=f"one of {', '.join(REVALIDATION_TIMEOUTS)}", findings=findings)


def _read_intent(key: Scalar, node: Node, *, mode: Mode, reading: Reading) -> tuple[Placed, ...]:
    findings = reading.findings
    if _INTENT.fullmatch(key.text) is None:
        wrong_type(key, wanted="the name of an intent (letters, digits, _ . -)", findings=findings)
        return ()
    keys = {name: name for name in (*_LIMITS, *FOLLOWING_KEYS)}
    entries = read_mapping(node, keys=keys, what="an intent's limits", findings=findings) or {}
    limits = {name: entry for name, entry in entries.items() if name in _LIMITS}
    if not limits:
        fix = f"Name one of {', '.join(_LIMITS)}."
        findings.report(node.place, code="missing_key", why="The intent has no limit.", fix=fix)
    rules = []
    for name, entry in limits.items():
        condition = _LIMITS[name](entry.node, reading)
        consequence = _read_following(entries, intent=key.text, limit=name, place=key.place, findings=findings)
        if condition is not None:
            whole = all_of((*_has_intent(key.text), condition))
            rule_id = f"intent_boundaries/{key.text}/{name}"
            rules.append((entry.place, Rule(rule_id, whole, consequence, priority=LIMIT_PRIORITY, mode=mode)))
    return tuple(rules)


def _read_following(
    entries: Mapping[str, Entry], *, intent: str, limit: str, place: Place, findings: Findings
) -> Consequence:
    beside = {name: entry for name, entry in entries.items() if name in FOLLOWING_KEYS}
    decision: Decision | None = Decision.DENY
    if "action" in beside:
        decision = read_choice(beside["action"].node, choices=FOLLOWING, findings=findings)
    reason = f"A session with the intent {intent} may not pass its limit {limit}."
    consequence = read_consequence(
        beside, decision=decision or Decision.DENY, place=place, reason=reason, findings=findings
    )
    if consequence.decision is not Decision.DENY:
        return consequence
    return replace(consequence, classification=Classification.CONTEXT_DEPENDENT_DENY)


def _has_intent(intent: str) -> tuple[Condition, Condition]:
    """A session without an intent is surely not one of these."""
    field = Field(FieldKind.INTENT)
    return Comparison(field, "absent", False), Comparison(field, "eq", intent)


def _read_allowed(node: Node, reading: Reading) -> Condition | None:
    tools = read_tool(node, splits=True, reading=reading)
    return None if tools is None else Negation(tools)


def _read_denied(node: Node, reading: Reading) -> Condition | None:
    return read_tool(node, splits=True, reading=reading)


def _read_level(node: Node, reading: Reading) -> Condition | None:
    key = Scalar("higher_than", "higher_than", node.place)
    return read_operator(key, node, field=Field(FieldKind.DATA_LEVEL), reading=reading)


def _read_chain(node: Node, reading: Reading) -> Condition | None:
    count = read_integer(node, lowest=1, highest=LONGEST_CHAIN, findings=reading.findings)
    return None if count is None else Comparison(Field(FieldKind.ACTION_COUNT), "gte", count)


def _read_age(node: Node, reading: Reading) -> Condition | None:
    seconds = read_seconds(node, lowest=1, highest=LONGEST_SESSION, findings=reading.findings)
    return None if seconds is None else Comparison(Field(FieldKind.SESSION_AGE), "gt", seconds)


_LIMITS: Mapping[str, _ReadLimit] = {
    "allowed_tools": _read_allowed,
    "denied_tools": _read_denied,
    "max_data_classification": _read_level,
    "max_chain_length": _read_chain,
    "max_session_age": _read_age,
}
LIMIT_KEYS = tuple(_LIMITS)


def _read_interval(node: Node, *, findings: Findings) -> Condition | None:
    """How much of the session must have passed since it was opened, or last confirmed: actions, or time."""
    text = node.text if isinstance(node, Scalar) else ""
    found = _INTERVAL.fullmatch(text)
    if found is not None and found[2].startswith("action"):
        return Comparison(Field(FieldKind.ACTIONS_SINCE, (CONFIRMATION,)), "gte", int(found[1]))
    if found is not None:
        seconds: int | None = int(found[1]) * _UNITS[found[2].removesuffix("s")]
    else:
        seconds = read_seconds(node, lowest=1, highest=LONGEST_TIMEOUT, findings=findings)
    return None if seconds is None else Comparison(Field(FieldKind.SECONDS_SINCE, (CONFIRMATION,)), "gte", seconds)
