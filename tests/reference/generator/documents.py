"""Whole policies: header, thresholds, catalogue, limits, and rules with everything that goes with an action."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.reference.generator import fields, policies
from tests.reference.generator.changes import modifications
from tests.reference.generator.policies import Node, approvers, chance, constraints, match

LIMITS: list[tuple[str, list[Any]]] = [
    ("allowed_tools", [["mail"], ["mail.*", "db.query"], [{"category": "outbound"}, "shell"]]),
    ("denied_tools", [["*.delete"], ["shell"], [{"category": "risky"}]]),
    ("max_data_classification", ["PUBLIC", "INTERNAL", "confidential"]),
    ("max_chain_length", [1, 5, 8]),
    ("max_session_age", ["1h", 60, "2h"]),
]
INCLUDED_AS = [
    {"pack": "base"},
    {"pack": "base", "mode": "enforce"},
    {"file": "base.yaml"},
    {"file": "base.yaml", "mode": "shadow"},
    {"file": "base.yaml", "mode": "enforce"},
]
INTERVALS: list[Any] = ["5_actions", "1_actions", "30_minutes", "2_hours", "1_days", "90s"]


def document(rng: Random) -> Node:
    """A policy of one to six rules with a random part of everything else that a policy may have."""
    node: Node = {"policy": header(rng)}
    (node["policy"] if chance(rng, 0.1) else node)["organisation"] = organisation(rng)
    for probability, name, make in _PARTS:
        if chance(rng, probability):
            node[name] = make(rng, node)
    node["rules"] = [rule(rng, f"r{number}", node) for number in range(rng.choice([1, 2, 3, 3, 4, 5, 6]))]
    if chance(rng, 0.04):
        node["rules"] += [_turning(rng, before) for before in (True, False)]
    return node


def _turning(rng: Random, before: bool) -> Node:
    """One of two rules that undo each other's changes for ever."""
    changes = {"replace": {"all": not before}}
    node = {"id": f"turns-{before}", "match": {"parameters": {"all": before}}, "modifications": changes}
    return {**node, "action": "MODIFY", "priority": rng.choice([0, 10])}


def organisation(rng: Random) -> Node:
    node: Node = {"domains": ["corp.example", "*.corp.example"][: rng.randint(1, 2)]}
    return node | ({"networks": ["10.0.0.0/8", "fd00::/8"]} if chance(rng, 0.8) else {})


def included(rng: Random) -> Node:
    """A pack or file. What it defines, the policies that include it define alike or not at all."""
    node: Node = {"policy": {"id": "base", "version": "1", "default": "ALLOW"}, "categories": policies.CATEGORIES}
    if chance(rng, 0.3):
        node["policy"]["mode"] = "shadow"
    if chance(rng, 0.3):
        node["intent_boundaries"] = {"audit": limits(rng, node)}
    if chance(rng, 0.3):
        node["re_validation"] = {"interval": "1_actions", "method": "user_confirmation"}
    node["rules"] = [rule(rng, f"r{number}", node) for number in range(rng.randint(1, 2))]
    return node


def header(rng: Random) -> Node:
    node: Node = {"id": "random", "version": "1"}
    choice = rng.random()
    if choice < 0.3:
        node["default"] = rng.choice(["ALLOW", "DENY", "DEFER"])
    elif choice < 0.4:
        node["default"] = {"action": "STEP_UP", **approvers(rng), "timeout": rng.choice(policies.SPANS)}
    elif choice < 0.5:
        node["default"] = {"action": rng.choice(["ALLOW", "DENY"]), "risk_level": rng.choice(["MEDIUM", "CRITICAL"])}
    if chance(rng, 0.06):
        node["mode"] = "shadow"
    return node


def thresholds(rng: Random) -> Node:
    node: Node = {}
    for name in ("session_risk", "alignment", "confidence"):
        if chance(rng, 0.5):
            node[name] = rng.choice([0.2, 0.5, 0.8, 1] if name == "confidence" else [0, 0.2, 0.5, 0.8, 1])
    if chance(rng, 0.5) and "alignment" in node:
        node |= approvers(rng)
        if chance(rng, 0.5):
            node["timeout"] = rng.choice(policies.SPANS)
    return node


def catalogue(rng: Random) -> list[Node]:
    """Some entries, each tool once."""
    entries: dict[tuple[str, str], Node] = {}
    for entry in rng.sample(policies.CATALOGUE, rng.randint(1, len(policies.CATALOGUE))):
        entries.setdefault((entry["tool"], entry.get("operation", "")), entry)
    return list(entries.values())


def limits(rng: Random, policy: Node) -> Node:
    node: Node = {}
    for name, operands in rng.sample(LIMITS, rng.randint(1, 3)):
        usable = [each for each in operands if "categories" in policy or not _names_category(each)]
        node[name] = rng.choice(usable)
    action = rng.choice(["DENY", "DENY", "STEP_UP", "DEFER"])
    if action != "DENY":
        node["action"] = action
    return node | (approvers(rng) if action == "STEP_UP" else {})


def grading(rng: Random, policy: Node) -> Node:
    level = policy.get("levels", fields.LEVELS)
    kinds = {kind: rng.choice(level) for kind in rng.sample(["pii", "PCI", "Other"], rng.randint(1, 2))}
    return rng.choice(
        [{"unclassified": rng.choice(level)}, {"kinds": kinds}, {"kinds": kinds, "unclassified": level[0]}]
    )


def _names_category(operand: Any) -> bool:
    return isinstance(operand, list) and any(isinstance(each, dict) for each in operand)


_PARTS: list[tuple[float, str, Callable[[Random, Node], Any]]] = [
    (0.1, "levels", lambda rng, _: rng.sample(fields.LEVELS, len(fields.LEVELS))),
    (0.25, "classification", lambda rng, policy: grading(rng, policy)),
    (0.35, "thresholds", lambda rng, _: thresholds(rng)),
    (0.6, "categories", lambda rng, _: policies.CATEGORIES),
    (0.6, "tools", lambda rng, _: catalogue(rng)),
    (0.2, "intent_boundaries", lambda rng, policy: {"Meeting": limits(rng, policy)}),
    (0.1, "re_validation", lambda rng, _: {"interval": rng.choice(INTERVALS), "method": "user_confirmation"}),
    (0.1, "include", lambda rng, _: [rng.choice(INCLUDED_AS)]),
]


def rule(rng: Random, name: str, policy: Node) -> Node:
    node: Node = {rng.choice(["id", "id", "name"]): name, "match": "any" if chance(rng, 0.06) else match(rng, policy)}
    if chance(rng, 0.04):
        node["condition"] = match(rng, policy)
    if chance(rng, 0.2):
        node["constraints"] = constraints(rng)
    if chance(rng, 0.25):
        node["trust"] = "asserted"
    if chance(rng, 0.08):
        node["mode"] = rng.choice(["shadow", "shadow", "enforce"])
    if chance(rng, 0.2):
        node["effect"] = {
            "set_context": {
                rng.choice(["data_kinds", "data_classification"]): rng.choice(["PII", ["PCI", "RESTRICTED"]])
            }
        }
        if chance(rng, 0.3):
            return node
    return node | consequence(rng)


def consequence(rng: Random) -> Node:
    action = rng.choice(policies.ACTIONS)
    node: Node = {rng.choice(["action", "decision"]): action}
    if chance(rng, 0.6):
        node["priority"] = rng.choice([0, 0, 1, 10, -5])
    if chance(rng, 0.2):
        node["risk_level"] = rng.choice(["LOW", "MEDIUM", "HIGH", "CRITICAL"])
    if action in policies.CLASSES and chance(rng, 0.3):
        node["classification"] = rng.choice(policies.CLASSES[action])
    if action in {"ALLOW", "MODIFY", "STEP_UP"} and chance(rng, 0.3):
        node["threshold"] = rng.choice([0.3, 0.5, 0.66, 0.67, 1])
    extras = {"MODIFY": _modify, "STEP_UP": _step_up, "DEFER": _defer}
    return node | (extras[action](rng) if action in extras else {})


def _modify(rng: Random) -> Node:
    return {"modifications": modifications(rng)}


def _step_up(rng: Random) -> Node:
    node = approvers(rng)
    if chance(rng, 0.4):
        node["timeout"] = rng.choice(["1h", "2h", 7200])
    if chance(rng, 0.2):
        node["escalation"] = [{"after": "30m", "to": [rng.choice(policies.GROUPS)]}]
    if chance(rng, 0.2):
        node["questions"] = [rng.choice(["Is there a backup?", "Who asked?"])]
    if chance(rng, 0.2):
        node["editable"] = rng.sample(["amount", "env"], rng.randint(1, 2))
    if chance(rng, 0.2):
        node["hold"] = rng.choice([0, "10s"])
    if chance(rng, 0.2):
        node["denials"] = rng.randint(1, 2)
    return node


def _defer(rng: Random) -> Node:
    node: Node = {}
    if chance(rng, 0.6):
        node["context_needed"] = rng.sample(policies.NEEDS, rng.randint(1, 2))
    if chance(rng, 0.4):
        node["timeout"] = rng.choice(policies.SPANS)
    if chance(rng, 0.3):
        node |= {rng.choice(["on_timeout", "timeout_action"]): "STEP_UP", **approvers(rng)}
    return node
