"""A policy from a plain dict that is known to be valid: defaults filled in, limits written out (page: A policy)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.reference.readings import as_list, fold, seconds_in

LEVELS = ["PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"]
STANDARD_GRADES = {"pii": "CONFIDENTIAL", "phi": "RESTRICTED", "pci": "RESTRICTED", "secret": "RESTRICTED"}
RISKS = {"ALLOW": "LOW", "DENY": "HIGH"}
WAITS = {"STEP_UP": 3600, "DEFER": 300}
LIMIT_PRIORITY = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with every default written out. `limit` is a condition that no match can say."""

    id: str
    action: str | None
    matches: list[Any] = field(default_factory=list)
    constraints: dict[str, Any] | None = None
    limit: tuple[str, Any] | None = None
    intent: str | None = None
    priority: int = 0
    is_shadow: bool = False
    classification: str | None = None
    risk_level: str = "MEDIUM"
    threshold: float = 0.0
    trusts_agent: bool = False
    labels: list[str] = field(default_factory=list)
    modifications: dict[str, Any] | list[dict[str, Any]] = field(default_factory=dict)
    approvers: dict[str, int] = field(default_factory=dict)
    timeout: int | None = None
    asks_people_at_timeout: bool = False
    context_needed: list[str] = field(default_factory=list)
    escalation: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    editable: list[str] | None = None
    hold: int | None = None
    denials: int = 1


def loaded(document: dict[str, Any], included: Mapping[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    """The policy, its parts where the evaluator looks for them. `included` are the documents by pack or file name."""
    header = document["policy"]
    policy = {
        "organisation": document.get("organisation") or header.get("organisation") or {},
        "levels": document.get("levels", LEVELS),
        "grades": grades_of(document),
        "thresholds": document.get("thresholds", {}),
        "people": default_rule({"action": "STEP_UP", **document.get("thresholds", {})}),
        "default": default_rule(header.get("default", "DENY")),
        "categories": dict(document.get("categories", {})),
        "tools": list(document.get("tools", [])),
        "rules": rules_of(document, is_shadow=header.get("mode") == "shadow"),
    }
    for entry in document.get("include", []):
        _include(policy, entry, (included or {})[entry.get("pack") or entry["file"]])
    return policy


def grades_of(document: dict[str, Any]) -> dict[str, str]:
    """The level of every label that has one; that of all others under the empty name."""
    levels, said = document.get("levels", LEVELS), document.get("classification", {})
    grades = dict(STANDARD_GRADES) if levels == LEVELS else {}
    grades |= {fold(kind): level for kind, level in said.get("kinds", {}).items()}
    grades |= {fold(level): level for level in levels}
    return grades | {"": said.get("unclassified", levels[-1])}


def _include(policy: dict[str, Any], entry: dict[str, Any], document: dict[str, Any]) -> None:
    """What is taken over from a pack or file. A pack's rules are in shadow until its entry says otherwise."""
    header = document["policy"]
    rules = rules_of({**document, "re_validation": None}, is_shadow=header.get("mode") == "shadow")
    mode = entry.get("mode", "shadow" if "pack" in entry else None)
    for rule in rules:
        is_shadow = rule.is_shadow if mode is None else mode == "shadow"
        policy["rules"].append(replace(rule, id=f"{header['id']}/{rule.id}", is_shadow=is_shadow))
    policy["categories"].update(document.get("categories", {}))
    policy["tools"].extend(tool for tool in document.get("tools", []) if tool not in policy["tools"])


def rules_of(document: dict[str, Any], *, is_shadow: bool) -> list[Rule]:
    asked = document["policy"].get("approvers")
    rules = [rule_of(node, is_shadow=is_shadow, asked=asked) for node in document["rules"]]
    for intent, node in document.get("intent_boundaries", {}).items():
        rules += boundary_rules(intent, node, is_shadow=is_shadow)
    if again := document.get("re_validation"):
        rules.append(re_validation_rule(again, is_shadow=is_shadow))
    return rules


def rule_of(node: dict[str, Any], *, is_shadow: bool, asked: Any) -> Rule:
    if asked is not None and "approvers" not in node:
        node = {**node, "approvers": asked}
    context = [{"context": node["context"]}] if "context" in node else []
    words = (node.get("effect") or {}).get("set_context", {})
    return consequences(
        Rule(
            id=node.get("id") or node["name"],
            action=node.get("action", node.get("decision")),
            matches=[node[key] for key in ("match", "condition", "trigger") if key in node] + context,
            constraints=node.get("constraints"),
            priority=node.get("priority", 0),
            is_shadow=node["mode"] == "shadow" if "mode" in node else is_shadow,
            classification=node.get("classification"),
            threshold=node.get("threshold", 0.0),
            trusts_agent=node.get("trust") == "asserted",
            labels=[label for key in words for label in as_list(words[key])],
        ),
        node,
    )


def consequences(rule: Rule, node: dict[str, Any]) -> Rule:
    """The rule with what its action needs."""
    asks_people = node.get("timeout_action", node.get("on_timeout")) == "STEP_UP"
    return replace(
        rule,
        risk_level=node.get("risk_level", RISKS.get(rule.action or "", "MEDIUM")),
        modifications=node.get("modifications", node.get("modification", {})),
        approvers=approvers_of(node) if rule.action == "STEP_UP" or asks_people else {},
        timeout=seconds_in(node.get("timeout", WAITS[rule.action])) if rule.action in WAITS else None,
        asks_people_at_timeout=asks_people,
        context_needed=as_list(node.get("context_needed", [])),
        escalation=[(seconds_in(each["after"]), tuple(as_list(each["to"]))) for each in node.get("escalation", [])],
        questions=node.get("questions", []),
        editable=node.get("editable"),
        hold=seconds_in(node["hold"]) if "hold" in node else None,
        denials=node.get("denials", 1),
    )


def approvers_of(node: dict[str, Any]) -> dict[str, int]:
    """How many of which group. `quorum` is the count of a group that states none."""
    counts: dict[str, int] = {}
    for each in as_list(node.get("approvers", [])):
        group, count = (
            (each["group"], each.get("count", 1)) if isinstance(each, dict) else (each, node.get("quorum", 1))
        )
        counts[group] = max(count, counts.get(group, 0))
    return counts


def default_rule(node: Any) -> Rule:
    node = node if isinstance(node, dict) else {"action": node}
    return consequences(Rule(id="", action=node["action"]), node)


def boundary_rules(intent: str, node: dict[str, Any], *, is_shadow: bool) -> list[Rule]:
    limits = ("allowed_tools", "denied_tools", "max_data_classification", "max_chain_length", "max_session_age")
    action = node.get("action", "DENY")
    return [
        consequences(
            Rule(
                id=f"intent_boundaries/{intent}/{limit}",
                action=action,
                limit=(limit, node[limit]),
                intent=intent,
                priority=LIMIT_PRIORITY,
                is_shadow=is_shadow,
                classification="context_dependent_deny" if action == "DENY" else None,
            ),
            node,
        )
        for limit in limits
        if limit in node
    ]


def re_validation_rule(node: dict[str, Any], *, is_shadow: bool) -> Rule:
    rule = Rule(id="re_validation", action="DEFER", limit=("re_validation", node["interval"]), is_shadow=is_shadow)
    rule = consequences(replace(rule, priority=LIMIT_PRIORITY), node)
    return replace(rule, context_needed=[node["method"]])
