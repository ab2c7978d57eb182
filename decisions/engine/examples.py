"""Reading the `cases:` of a policy: what is given, and what shall come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from decisions.engine.action import Action
from decisions.engine.context import STANDARD_MOMENT, Context, Fact, Identity, Trust
from decisions.engine.readers import Entry, members, read_choice, read_integer, read_json, read_mapping, wrong_type
from decisions.engine.source import Findings, Node, Scalar, Sequence
from decisions.engine.source import Mapping as MappingNode
from decisions.engine.times import parse_time
from receipts.signing.canonical import JSON

MOST_CASES = 10_000
DEFAULT_OPERATION = "call"

GIVEN_KEYS = ("action", "context", "at", "counted")
EXPECT_KEYS = (
    "decision", "rule", "reason", "reason_code", "risk_level", "classification", "confidence", "parameters",
    "context_needed", "labels", "approvers", "timeout", "matched", "shadow",
)  # fmt: skip
_CASE = {name: name for name in ("name", "given", "policy", "expect", *GIVEN_KEYS)}
_GIVEN = {name: name for name in GIVEN_KEYS}
_ACTION = {name: name for name in ("tool", "operation", "parameters")}
_EXPECT = {name: name for name in EXPECT_KEYS}
FACT_KEYS = ("value", "at", "count", "conflicting")
_FACT = {name: name for name in FACT_KEYS}
FRESH = Context(
    original_request=None,
    request_trust=Trust.ATTESTED,
    facts={},
    data_kinds=frozenset(),
    tools_used=frozenset(),
    action_count=0,
)

_ReadMember: TypeAlias = Callable[[Node, Findings], Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One example. `expected` has only what the case speaks of, under the names of `EXPECT_KEYS`.

    `policy` names the policy that it is about where several stand in one document.
    """

    name: str
    line: int
    action: Action
    context: Context
    expected: Mapping[str, JSON]
    policy: str | None = None


def read_cases(node: Node, *, findings: Findings) -> tuple[Case, ...]:
    """Every case of a list."""
    if not isinstance(node, Sequence) or len(node.items) > MOST_CASES:
        wrong_type(node, wanted=f"a list of at most {MOST_CASES} cases", findings=findings)
        return ()
    cases = (_read_case(item, findings=findings) for item in node.items)
    return tuple(case for case in cases if case is not None)


def _read_case(node: Node, *, findings: Findings) -> Case | None:
    entries = read_mapping(node, keys=_CASE, what="a case", findings=findings)
    if entries is None:
        return None
    given = _read_given(entries, findings=findings)
    for name, there in (("action", given), ("expect", entries)):
        if name not in there:
            findings.report(node.place, code="missing_key", why=f"The case has no `{name}`.", fix=f"Add `{name}:`.")
    action = _read_action(given["action"].node, findings=findings) if "action" in given else None
    if action is None or "expect" not in entries:
        return None
    expected = read_mapping(entries["expect"].node, keys=_EXPECT, what="`expect`", findings=findings) or {}
    return Case(
        name=_text(entries, name="name", findings=findings) or f"{action.tool}.{action.operation}",
        line=node.place.line,
        action=action,
        context=_read_context(given, findings=findings),
        expected={name: read_json(entry.node) for name, entry in expected.items()},
        policy=_text(entries, name="policy", findings=findings),
    )


def _read_given(entries: Mapping[str, Entry], *, findings: Findings) -> dict[str, Entry]:
    """What stands under `given` or beside `expect`."""
    given: dict[str, Entry] = {}
    if "given" in entries:
        given = read_mapping(entries["given"].node, keys=_GIVEN, what="`given`", findings=findings) or {}
    for name in GIVEN_KEYS:
        if name not in entries:
            continue
        if name in given:
            why, fix = f"`{name}` stands beside `given` and in it.", "Keep one of the two."
            findings.report(entries[name].place, code="duplicate_key", why=why, fix=fix)
        given[name] = entries[name]
    return given


def _read_action(node: Node, *, findings: Findings) -> Action | None:
    entries = read_mapping(node, keys=_ACTION, what="an action", findings=findings)
    tool = _text(entries or {}, name="tool", findings=findings)
    if entries is None or tool is None:
        wrong_type(node, wanted="an action: {tool: NAME, operation: NAME, parameters: {}}", findings=findings)
        return None
    operation = _text(entries, name="operation", findings=findings)
    if operation is None:
        name, dot, last = tool.rpartition(".")
        tool, operation = (name, last) if dot else (tool, DEFAULT_OPERATION)
    parameters = read_json(entries["parameters"].node) if "parameters" in entries else {}
    if not isinstance(parameters, dict):
        wrong_type(entries["parameters"].node, wanted="a mapping of parameters to values", findings=findings)
        return None
    return Action(tool=tool, operation=operation, parameters=parameters)


def _read_context(given: Mapping[str, Entry], *, findings: Findings) -> Context:
    at = _read_time(given["at"].node, findings) if "at" in given else None
    fresh = replace(FRESH, at=at or STANDARD_MOMENT)
    if "counted" in given:
        fresh = replace(fresh, counted=_read_amounts(given["counted"].node, findings))
    if "context" not in given:
        return fresh
    entries = read_mapping(given["context"].node, keys=CONTEXT_KEYS, what="a context", findings=findings) or {}
    read = {name: _CONTEXT[name](entry.node, findings) for name, entry in entries.items() if name in _CONTEXT}
    if "tool_effect" in read:
        read["registered_effect"] = read.pop("tool_effect")
    known = replace(fresh, **{name: value for name, value in read.items() if value is not None})
    facts = {
        name: fact
        for trust in reversed(Trust)
        if trust in entries
        for name, fact in _read_facts(entries[trust].node, trust=trust, within=known, findings=findings).items()
    }
    return replace(known, facts=facts)


def _read_facts(node: Node, *, trust: Trust, within: Context, findings: Findings) -> dict[str, Fact]:
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted="a mapping of facts to values", findings=findings)
        return {}
    return {key.text: _read_fact(value, trust=trust, within=within, findings=findings) for key, value in node.entries}


def _read_fact(node: Node, *, trust: Trust, within: Context, findings: Findings) -> Fact:
    """A value, or a mapping with a `value` that says more: when it was recorded, and whether sources differ."""
    fact = Fact(read_json(node), trust, "case", within.at, recorded_count=within.action_count)
    if not isinstance(node, MappingNode) or "value" not in {key.text for key, _ in node.entries}:
        return fact
    entries = read_mapping(node, keys=_FACT, what="a fact", findings=findings) or {}
    at = _read_time(entries["at"].node, findings) if "at" in entries else None
    count = _read_count(entries["count"].node, findings) if "count" in entries else None
    conflicting = _read_flag(entries["conflicting"].node, findings) if "conflicting" in entries else None
    return Fact(
        value=read_json(entries["value"].node),
        trust=trust,
        source=fact.source,
        recorded_at=at or fact.recorded_at,
        recorded_count=fact.recorded_count if count is None else count,
        is_conflicting=bool(conflicting),
    )


def _text(entries: Mapping[str, Entry], *, name: str, findings: Findings) -> str | None:
    return _read_text(entries[name].node, findings) if name in entries else None


def _read_text(node: Node, findings: Findings) -> str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    wrong_type(node, wanted="a text", findings=findings)
    return None


def _read_names(node: Node, findings: Findings) -> frozenset[str]:
    items = node.items if isinstance(node, Sequence) else (node,)
    return frozenset(name for item in items if (name := _read_text(item, findings)) is not None)


def _read_kinds(node: Node, findings: Findings) -> frozenset[str]:
    return frozenset(name.upper() for name in _read_names(node, findings))


def _read_count(node: Node, findings: Findings) -> int | None:
    return read_integer(node, lowest=0, highest=10**9, findings=findings)


def _read_flag(node: Node, findings: Findings) -> bool | None:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    wrong_type(node, wanted="true or false", findings=findings)
    return None


def _read_time(node: Node, findings: Findings) -> datetime | None:
    text = node.value if isinstance(node, Scalar) else None
    at = parse_time(text) if isinstance(text, str) else None
    if at is None:
        wrong_type(node, wanted="a time such as `2026-01-01T12:00:00Z`", findings=findings)
    return at


def _read_amounts(node: Node, findings: Findings) -> dict[str, int | float]:
    amounts: dict[str, int | float] = {}
    for name, value in _read_object(node, findings).items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            amounts[name] = value
        else:
            wrong_type(node, wanted="a mapping of rules to numbers", findings=findings)
    return amounts


def _read_object(node: Node, findings: Findings) -> dict[str, JSON]:
    value = read_json(node)
    if isinstance(value, dict):
        return value
    wrong_type(node, wanted="a mapping", findings=findings)
    return {}


def _read_trust(node: Node, findings: Findings) -> Trust | None:
    return read_choice(node, choices=members(Trust), findings=findings)


def _read_identity(node: Node, findings: Findings) -> Identity:
    keys = {**{name: name for name in _IDENTITY}, "scope": "effective_scope"}
    entries = read_mapping(node, keys=keys, what="an identity", findings=findings) or {}
    read = {name: _IDENTITY[name](entry.node, findings) for name, entry in entries.items()}
    return Identity(**{name: value for name, value in read.items() if value is not None})


_IDENTITY: Mapping[str, _ReadMember] = {
    **dict.fromkeys(("agent", "human", "service", "host", "environment"), _read_text),
    "effective_scope": _read_names,
    "delegation_depth": _read_count,
    "human_verified": _read_flag,
}
# What a case can say of a session, by the names that `match` has for it.
_CONTEXT: Mapping[str, _ReadMember] = {
    **dict.fromkeys(("original_request", "intent", "profile", "tool_effect"), _read_text),
    **dict.fromkeys(("tools_used", "entities", "taint"), _read_names),
    **dict.fromkeys(("action_count", "session_age"), _read_count),
    "data_kinds": _read_kinds,
    "request_trust": _read_trust,
    "identity": _read_identity,
    "risk_signals": _read_object,
}
CONTEXT_KEYS = {
    **{str(name): str(name) for name in (*_CONTEXT, *Trust)},
    "data_classification": "data_kinds",
    "prior_actions": "tools_used",
    "chain_length": "action_count",
}
