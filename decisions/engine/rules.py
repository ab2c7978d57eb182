"""Reading the `rules:` of a policy."""

from __future__ import annotations

import re
from collections.abc import Mapping

from decisions.engine.conditions import Anything, Condition, comparisons
from decisions.engine.consequences import CONSEQUENCE_KEYS, read_consequence
from decisions.engine.context import Trust
from decisions.engine.document import Consequence, Rule
from decisions.engine.fields import LABELS
from decisions.engine.matching import read_match
from decisions.engine.readers import (
    Entry,
    members,
    read_choice,
    read_integer,
    read_items,
    read_mapping,
    wrong_type,
)
from decisions.engine.source import Findings, Node, Place, Scalar, Sequence
from decisions.engine.source import Mapping as MappingNode
from decisions.engine.verdict import Decision

HIGHEST_PRIORITY = 1_000_000

# Every accepted spelling of a rule's keys.
RULE_KEYS = {
    **{name: name for name in ("id", "match", "action", "effect", "priority", "trust")},
    "name": "id",
    "decision": "action",
    **CONSEQUENCE_KEYS,
}
_EFFECT = {"set_context": "set_context"}
_LABELLED = {"data_kinds": "data_kinds", "data_classification": "data_kinds"}
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _.:/-]{0,126}[A-Za-z0-9_.:/-])?")
_USELESS_WITHOUT_ACTION = (*dict.fromkeys(CONSEQUENCE_KEYS.values()), "priority")


def read_rules(node: Node, *, has_domains: bool, findings: Findings) -> tuple[Rule, ...]:
    """Every rule; an empty list is a policy in which only the default speaks."""
    if not isinstance(node, Sequence):
        wrong_type(node, wanted="a list of rules (`[]` for none)", findings=findings)
        return ()
    rules: list[Rule] = []
    seen: set[str] = set()
    for item in node.items:
        rule = _read_rule(item, has_domains=has_domains, findings=findings)
        if rule is None:
            continue
        if rule.id and rule.id in seen:
            why, fix = f"Another rule is called `{rule.id}` already.", "Give every rule a name of its own."
            findings.report(item.place, code="duplicate_rule", why=why, fix=fix)
        seen.add(rule.id)
        rules.append(rule)
    return tuple(rules)


def _read_rule(node: Node, *, has_domains: bool, findings: Findings) -> Rule | None:
    entries = read_mapping(node, keys=RULE_KEYS, what="a rule", findings=findings)
    if entries is None:
        return None
    for name in ("id", "match"):
        if name not in entries:
            why = f"The rule has no `{name}`."
            findings.report(node.place, code="missing_key", why=why, fix=f"Add `{name}:`.")
    rule_id = _read_id(entries, findings=findings)
    return Rule(
        id=rule_id,
        condition=_read_condition(entries, has_domains=has_domains, findings=findings),
        consequence=_read_action(entries, rule_id=rule_id, place=node.place, findings=findings),
        priority=_read_priority(entries, findings=findings),
        trust=_read_trust(entries, findings=findings),
        labels=_read_labels(entries, findings=findings),
    )


def _read_id(entries: Mapping[str, Entry], *, findings: Findings) -> str:
    if "id" not in entries:
        return ""
    node = entries["id"].node
    if isinstance(node, Scalar) and isinstance(node.value, str) and _ID.fullmatch(node.value):
        return node.value
    wrong_type(node, wanted="a name (letters, digits, spaces, _ . : / -)", findings=findings)
    return ""


def _read_condition(entries: Mapping[str, Entry], *, has_domains: bool, findings: Findings) -> Condition:
    if "match" not in entries:
        return Anything()
    entry = entries["match"]
    condition = read_match(entry.node, findings=findings)
    if condition is None:
        return Anything()
    if not has_domains and any(each.operator == "external" for each in comparisons(condition)):
        why = "`external` needs to know which domains are yours."
        fix = "Add `organisation: {domains: [corp.example]}` to `policy:`."
        findings.report(entry.place, code="no_domains", why=why, fix=fix)
    return condition


def _read_action(entries: Mapping[str, Entry], *, rule_id: str, place: Place, findings: Findings) -> Consequence | None:
    if "action" in entries:
        decision = read_choice(entries["action"].node, choices=members(Decision), findings=findings)
        if decision is None:
            return None
        reason = f"Rule {rule_id} says {decision}."
        return read_consequence(entries, decision=decision, place=place, reason=reason, findings=findings)
    useless = [name for name in _USELESS_WITHOUT_ACTION if name in entries]
    if useless or "effect" not in entries:
        why = f"{', '.join(f'`{name}`' for name in useless) or 'The rule'} needs an action."
        fix = (
            "Add `action:` (ALLOW, DENY, MODIFY, STEP_UP or DEFER); only a rule with nothing but an `effect:` has none."
        )
        findings.report(place, code="missing_key", why=why, fix=fix)
    return None


def _read_priority(entries: Mapping[str, Entry], *, findings: Findings) -> int:
    if "priority" not in entries:
        return 0
    node = entries["priority"].node
    return read_integer(node, lowest=-HIGHEST_PRIORITY, highest=HIGHEST_PRIORITY, findings=findings) or 0


def _read_trust(entries: Mapping[str, Entry], *, findings: Findings) -> Trust:
    if "trust" not in entries:
        return Trust.ATTESTED
    return read_choice(entries["trust"].node, choices=members(Trust), findings=findings) or Trust.ATTESTED


def _read_labels(entries: Mapping[str, Entry], *, findings: Findings) -> frozenset[str]:
    """The labels of `effect: {set_context: {data_kinds: …}}`, in upper case."""
    if "effect" not in entries:
        return frozenset()
    node = entries["effect"].node
    for name, keys in (("set_context", _EFFECT), ("data_kinds", _LABELLED)):
        inner = read_mapping(node, keys=keys, what="`effect`", findings=findings)
        if not inner:
            if isinstance(node, MappingNode) and not node.entries:
                findings.report(node.place, code="missing_key", why="No effect is named.", fix=f"Add `{name}:`.")
            return frozenset()
        node = inner[name].node
    items = read_items(node, wanted="a kind of data", findings=findings) or ()
    return frozenset(label for item in items if (label := _read_label(item, findings=findings)))


def _read_label(node: Node, *, findings: Findings) -> str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str) and LABELS.accepts(node.value):
        return node.value.upper()
    wrong_type(node, wanted=f"a kind of data ({LABELS.grammar})", findings=findings)
    return None
