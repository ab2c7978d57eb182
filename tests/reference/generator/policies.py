"""Random policies: rules that overlap, tie, contradict and change each other's parameters."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.reference.generator import fields
from tests.reference.generator.fields import flag, question
from tests.reference.generator.settings import FACTS, SETTINGS, TIMES

Node = dict[str, Any]

TOOLS = ["mail.send", "mail.read", "db.query", "db.archive.delete", "shell"]
TOOL_WORDS: list[Any] = [
    "mail.send", "mail", "MAIL.Send", "mail.*", "*.delete", "db*", "db.?uery", "*", ["mail.send", "shell"],
    ["db.*", "shell.call"], "shell", "d?", {"matches": "^MA"}, {"eq": "mail"},
    {"in": ["mail", "db"]},
    {"not": "mail"}, {"not": {"glob": "d*"}}, {"glob": ["m*", "she?l"]}, {"known": True}, {"known": False},
    {"effect": "egress"}, {"effect": ["read", "write"]}, {"reversible": True}, {"data_class": "PII"},
    {"data_class": ["internal", "PCI"]}, {"effect": {"not": "read"}}, {"reversible": False, "effect": "write"},
    [{"effect": "write"}, "mail.read", {"known": False}],
]  # fmt: skip
OPERATION_WORDS: list[Any] = [
    "send",
    "READ",
    "*e*",
    ["send", "query"],
    {"matches": "^s"},
    {"not": "send"},
    {"in": ["call"]},
]
CATEGORIES: Node = {"outbound": ["mail.send", "db.*"], "risky": ["*.delete", "shell"]}
CATALOGUE: list[Node] = [
    {"tool": "mail.send", "effect": "egress", "reversible": False, "category": "messaging", "data_class": "INTERNAL"},
    {"tool": "mail", "operation": "read", "effect": "read", "category": ["messaging"], "reversible": True},
    {"tool": "db", "effect": "write", "data_class": ["PII", "CONFIDENTIAL"], "category": "data"},
    {"tool": "shell", "description": "Says nothing about what it does."},
    {
        "tool": "db.query",
        "effect": "read",
        "category": "data",
        "parameters": {"type": "object", "required": ["amount"]},
    },
    {"tool": "mail.send", "parameters": {"properties": {"amount": {"type": "number", "maximum": 10}}}},
]
GROUPS = ["reviewers", "security-team", "data-owner"]
ACTIONS = ["ALLOW", "ALLOW", "DENY", "DENY", "MODIFY", "MODIFY", "MODIFY", "STEP_UP", "STEP_UP", "DEFER"]
CLASSES = {
    "DENY": ["forbidden", "context_dependent_deny"],
    "ALLOW": ["context_dependent_allow"],
    "STEP_UP": ["context_dependent_allow"],
    "DEFER": ["context_dependent_defer"],
}
NEEDS = [
    "window", "quota", "parameters.amount", "parameters.options.amount", "context.original_request", "context.intent",
    "context.profile", "identity.human", "identity.service", "identity.host", "risk_signals.alignment",
]  # fmt: skip
SPANS = [60, "30m", "PT1H", 3600]


def chance(rng: Random, probability: float) -> bool:
    return rng.random() < probability


def condition(rng: Random) -> tuple[str, Any]:
    """One field and what is asked of it: name in full, question."""
    where = rng.random()
    if where < 0.5:
        name = rng.choice([*fields.PARAMETERS, "amount", "env"])
        return f"parameters.{name}", question(fields.PARAMETERS[name], rng)
    if where < 0.58:
        name = rng.choice(list(fields.NESTED))
        return f"parameters.{name}", question(fields.NESTED[name], rng)
    if where < 0.72:
        name = rng.choice(list(FACTS))
        asked = question(FACTS[name], rng)
        if chance(rng, 0.3):
            asked = {**(asked if isinstance(asked, dict) else {"eq": "prod"}), "max_age": rng.choice(SPANS)}
        return f"facts.{name}", asked
    if where < 0.95:
        name = rng.choice(list(SETTINGS))
        return name, question(SETTINGS[name], rng)
    return "time", rng.choice(TIMES)


def match(rng: Random, policy: Node, *, depth: int = 0) -> Node:
    node: Node = {}
    if chance(rng, 0.8 if depth == 0 else 0.25):
        node["tool"] = tool_words(rng, policy)
    if chance(rng, 0.08):
        node["operation"] = rng.choice(OPERATION_WORDS)
        node["tool"] = node.get("tool", "mail")
    for _ in range(rng.choice([0, 0, 1, 1, 2]) if depth == 0 else 1):
        write(node, *condition(rng), dotted=flag(rng))
    if depth < 2 and chance(rng, 0.2):
        node[rng.choice(["all", "any", "any"])] = [
            match(rng, policy, depth=depth + 1) for _ in range(rng.randint(1, 3))
        ]
    if depth < 2 and chance(rng, 0.12):
        node["not"] = match(rng, policy, depth=depth + 1)
    return node or {"tool": rng.choice(TOOLS)}


def tool_words(rng: Random, policy: Node) -> Any:
    if "categories" in policy and chance(rng, 0.15):
        return {"category": rng.choice(["outbound", "risky", ["Risky", "outbound"]])}
    return rng.choice(TOOL_WORDS if chance(rng, 0.6) else TOOLS)


def write(node: Node, name: str, asked: Any, *, dotted: bool) -> None:
    """A field under its family, or with dots; never one field in both ways."""
    family, dot, rest = name.partition(".")
    if not dot or (family in node and rest in node[family]) or name in node:
        node.setdefault(name, asked)
    elif dotted:
        node[name] = asked
    else:
        node.setdefault(family, {})[rest] = asked


def constraints(rng: Random) -> Node:
    node: Node = {}
    for _ in range(rng.choice([0, 1, 1, 2])):
        name, asked = condition(rng)
        if chance(rng, 0.3) and isinstance(asked, dict) and name.startswith("parameters.") and "absent" not in asked:
            asked = {"required": True, **asked}
        write(node, name, asked, dotted=flag(rng))
    if chance(rng, 0.3):
        node["rate"] = {
            "max": rng.choice([1, 5, 10]),
            "window": rng.choice(SPANS),
            "per": rng.choice(["session", "agent"]),
        }
    elif chance(rng, 0.3):
        field = rng.choice(["parameters.amount", "parameters.options.amount"])
        node["budget"] = {"sum": field, "max": rng.choice([10, 100.5, 1000]), "window": "1d"}
    if not node or (chance(rng, 0.15) and "parameters" not in node):
        node["parameters"] = {
            "schema": rng.choice(["catalogue", {"type": "object", "required": ["amount"], "maxProperties": 4}])
        }
    return node


def approvers(rng: Random) -> Node:
    groups = rng.sample(GROUPS, rng.randint(1, 2))
    if chance(rng, 0.4):
        return {"approvers": [{"group": group, "count": rng.randint(1, 3)} for group in groups]}
    return {"approvers": groups[:1], "quorum": rng.randint(1, 3)} if chance(rng, 0.4) else {"approvers": groups}
