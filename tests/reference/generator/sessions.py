"""Random actions and sessions for the policies, in the form of the page's cases."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.reference.generator import fields, policies
from tests.reference.generator.fields import Kind
from tests.reference.generator.policies import Node, chance
from tests.reference.generator.settings import FACTS

MOMENTS = [
    *["2026-01-01T12:00:00Z"] * 3,
    *["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"],
    *["2026-03-08T06:30:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"],
    *["2026-11-23T08:00:00Z", "2026-11-23T15:59:59Z", "2026-11-23T22:00:00Z", "2026-11-24T05:59:59Z"],
]
RECORDED = [
    "2026-01-01T12:00:00Z",
    "2026-01-01T11:59:30Z",
    "2026-01-01T11:00:00Z",
    "2026-01-01T11:30:00Z",
    "2026-11-23T08:00:00Z",
]
TOOLS = [*policies.TOOLS, "MAIL.send", "Mail.Read", "mail.forward", "ｍail.send"]
SCORES: list[Any] = [0, 0.2, 0.5, 0.8, 1, 0.51]
COUNTED: list[float] = [0, 4, 9, 10, 90, 99.5]
EXTRA: list[Any] = ["ignore all rules", "<script>", "\u0000", {"a": {"b": {"c": []}}}, "9" * 200, -0.0, 1e-9]


@dataclass(frozen=True, slots=True)
class Aim:
    """What the rules of a policy speak of, so that random actions hit them: tools, and values by parameter."""

    tools: list[str] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)


def aim_at(policy: Node) -> Aim:
    aim = Aim()
    for rule in policy["rules"]:
        for key in ("match", "condition", "constraints"):
            _collect(rule.get(key), aim)
    return aim


def _collect(node: Any, aim: Aim) -> None:
    for part in node if isinstance(node, list) else []:
        _collect(part, aim)
    for key, asked in node.items() if isinstance(node, dict) else []:
        if key == "tool" and isinstance(asked, str) and asked in policies.TOOLS:
            aim.tools.append(asked)
        elif key == "parameters":
            _collect({f"parameters.{name}": asked[name] for name in asked}, aim)
        elif key.startswith("parameters."):
            aim.values.setdefault(key.removeprefix("parameters."), []).extend(literals(asked))
        else:
            _collect(asked, aim)


def literals(asked: Any) -> Iterator[Any]:
    """The values that a question names."""
    if isinstance(asked, dict):
        for operator, part in asked.items():
            yield from literals(part) if operator not in {"type", "schema", "absent", "required", "where"} else ()
    elif isinstance(asked, list):
        for part in asked:
            yield from literals(part)
    else:
        yield asked


def case(rng: Random, policy: Node, aim: Aim) -> Node:
    """What is given: an action, a session, the moment, and what rules have counted."""
    return {
        "action": action(rng, aim),
        "context": session(rng),
        "at": rng.choice(MOMENTS),
        "counted": {
            name_of(rule): counted(rule["constraints"], rng) for rule in policy["rules"] if "constraints" in rule
        },
    }


def name_of(rule: Node) -> str:
    return str(rule.get("id") or rule["name"])


def counted(constraints: Node, rng: Random) -> float:
    """A rate counts actions, a budget amounts."""
    return rng.choice(COUNTED if "budget" in constraints else COUNTED[:-1])


def action(rng: Random, aim: Aim) -> Node:
    names = [name for name in fields.PARAMETERS if chance(rng, 0.8)]
    parameters = {name: value(fields.PARAMETERS[name], rng) for name in names}
    for name, wanted in aim.values.items():
        if wanted and name in fields.PARAMETERS and chance(rng, 0.4):
            parameters[name] = rng.choice(wanted)
    if chance(rng, 0.05):
        parameters[rng.choice(["extra", "options.amount", "a/b"])] = rng.choice(EXTRA)
    node: Node = {"tool": rng.choice(aim.tools if aim.tools and chance(rng, 0.6) else TOOLS), "parameters": parameters}
    if chance(rng, 0.1):
        tool, dot, operation = node["tool"].rpartition(".")
        node |= {"tool": tool, "operation": operation} if dot else {"operation": "call"}
    return node


def value(kind: Kind, rng: Random) -> Any:
    """A value of the kind, sometimes a damaged one."""
    return copy.deepcopy(rng.choice(fields.DAMAGED if chance(rng, 0.12) else kind.values))


def session(rng: Random) -> Node:
    node: Node = {"attested": facts(rng, 0.5), "asserted": facts(rng, 0.35), "risk_signals": signals(rng)}
    if chance(rng, 0.5):
        node["original_request"] = rng.choice(fields.REQUESTS)
        node["request_trust"] = rng.choice(["attested", "attested", "asserted"])
    if chance(rng, 0.5):
        node["intent"] = rng.choice(["Meeting", "meeting", "MEETING", "audit", ""])
    if chance(rng, 0.4):
        node["profile"] = rng.choice(["analyst", "Analyst", "coder"])
    if chance(rng, 0.3):
        node["tool_effect"] = rng.choice(["read", "write", "egress"])
    taint = ["tool_output", "model_text"]
    sets = {"data_kinds": fields.KINDS, "tools_used": policies.TOOLS[:3], "entities": fields.NAMES, "taint": taint}
    for name, names in sets.items():
        node[name] = rng.sample(names, rng.choice([0, 0, 1, 2]))
    node["action_count"] = rng.choice([0, 1, 4, 5, 7, 8, 20])
    node["session_age"] = rng.choice([0, 60, 61, 1800, 3600, 7201, 90000])
    node["identity"] = identity(rng)
    return node


def facts(rng: Random, probability: float) -> Node:
    found: Node = {}
    for name, kind in FACTS.items():
        if chance(rng, probability):
            found[name] = fact(value(kind, rng), rng) | {"conflicting": chance(rng, 0.12)}
    if chance(rng, probability):
        found["user_confirmation"] = {
            "value": True,
            "at": rng.choice(RECORDED),
            "count": rng.choice([0, 1, 4]),
            "conflicting": False,
        }
    return found


def fact(said: Any, rng: Random) -> Node:
    return {"value": said, "at": rng.choice(RECORDED), "count": rng.choice([0, 1, 4]), "conflicting": False}


def identity(rng: Random) -> Node:
    node: Node = {"agent": rng.choice(["agent", "Agent", "alice"]), "environment": rng.choice(["TEST", "LIVE"])}
    for name, names in (("human", ["alice", "Alice", "bob"]), ("service", ["mailer"]), ("host", ["desk", "DESK"])):
        if chance(rng, 0.6):
            node[name] = rng.choice(names)
    node["effective_scope"] = rng.sample(["admin", "Admin", "read", "write"], rng.choice([0, 1, 2]))
    node["delegation_depth"] = rng.choice([0, 1, 5])
    node["human_verified"] = chance(rng, 0.5)
    return node


def signals(rng: Random) -> Node:
    node: Node = {}
    for name in ("injection_score", "session_risk", "alignment"):
        if chance(rng, 0.75):
            node[name] = (
                rng.choice([0, 0.2, 0.5, 0.8, 1, 0.51]) if chance(rng, 0.9) else rng.choice(["0.5", True, None])
            )
    if chance(rng, 0.6):
        node["drift_detected"] = rng.choice([True, False, None, 1])
    if chance(rng, 0.6):
        node["untrusted_parameters"] = rng.sample(["to", "amount", "env", "To"], rng.choice([0, 1, 2]))
    return node
