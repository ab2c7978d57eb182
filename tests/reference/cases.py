"""Cases as the page writes them: what is given, with everything that a session has by default (page: Cases)."""

from __future__ import annotations

from typing import Any

from tests.reference.tools import divided

NOON = "2026-01-01T12:00:00Z"
FACT_KEYS = {"value", "at", "count", "conflicting"}
ALIASES = {"data_classification": "data_kinds", "prior_actions": "tools_used", "chain_length": "action_count"}


def given(case: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The action and the session of a case."""
    case = {**case, **case.get("given", {})}
    return action_of(case["action"]), session_of(case.get("context", {}), case.get("at", NOON), case.get("counted", {}))


def action_of(node: dict[str, Any]) -> dict[str, Any]:
    tool, operation = divided(node["tool"], node.get("operation"))
    return {"tool": tool, "operation": operation, "parameters": node.get("parameters", {})}


def session_of(node: dict[str, Any], at: str, counted: dict[str, Any]) -> dict[str, Any]:
    node = {ALIASES.get(key, key): value for key, value in node.items()}
    session = {
        "data_kinds": [],
        "tools_used": [],
        "entities": [],
        "taint": [],
        "action_count": 0,
        "session_age": 0,
        **node,
    }
    identity = {"agent": "agent", "effective_scope": [], "delegation_depth": 0, "human_verified": False}
    session["identity"] = {**identity, "environment": "TEST", **node.get("identity", {})}
    session["risk_signals"] = node.get("risk_signals", {})
    session["counted"] = counted
    session["at"] = at
    for words in ("attested", "asserted"):
        facts = node.get(words, {})
        session[words] = {name: fact_of(facts[name], at, session["action_count"]) for name in facts}
    return session


def fact_of(node: Any, at: str, count: int) -> dict[str, Any]:
    default = {"value": None, "at": at, "count": count, "conflicting": False}
    if isinstance(node, dict) and "value" in node and node.keys() <= FACT_KEYS:
        return {**default, **node}
    return {**default, "value": node}
