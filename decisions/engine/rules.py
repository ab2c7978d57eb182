"""Reading the `rules:` of a policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from decisions.engine.conditions import Anything, Condition, all_of, comparisons
from decisions.engine.consequences import CONSEQUENCE_KEYS, read_consequence
from decisions.engine.constraints import read_constraints
from decisions.engine.context import Trust
from decisions.engine.document import Consequence, Counting, Mode, Rule
from decisions.engine.fields import LABELS, FieldKind
from decisions.engine.limits import Limit
from decisions.engine.matching import read_context, read_match
from decisions.engine.readers import (
    Entry,
    members,
    read_choice,
    read_integer,
    read_items,
    read_mapping,
    read_text,
    wrong_type,
)
from decisions.engine.routes import read_stages
from decisions.engine.source import Findings, Node, Place, Scalar, Sequence
from decisions.engine.source import Mapping as MappingNode
from decisions.engine.verdict import Decision
from decisions.engine.vocabulary import Reading

HIGHEST_PRIORITY = 1_000_000
LONGEST_TITLE = 200
MOST_RULES = 20_000
RULE_ID = r"[A-Za-z0-9](?:[A-Za-z0-9 _.:/-]{0,126}[A-Za-z0-9_.:/-])?"

# A rule and where it is written.
Placed: TypeAlias = tuple[Place, Rule]

_OWN_KEYS = (
    "id", "name", "match", "condition", "context", "constraints", "action", "effect", "priority", "trust", "mode",
)  # fmt: skip
# Every accepted spelling of a rule's keys.
RULE_KEYS = {**{name: name for name in _OWN_KEYS}, "decision": "action", "trigger": "condition", **CONSEQUENCE_KEYS}
EFFECT_KEYS = {"set_context": "set_context"}
LABEL_KEYS = {"data_kinds": "data_kinds", "data_classification": "data_kinds"}
_ID = re.compile(RULE_ID)
_USELESS_WITHOUT_ACTION = (*dict.fromkeys(CONSEQUENCE_KEYS.values()), "priority")


def read_rules(node: Node, *, mode: Mode, reading: Reading) -> tuple[Placed, ...]:
    """Every rule and where it stands; an empty list is a policy in which only the default speaks.

    `mode` is that of rules that name none.
    """
    if not isinstance(node, Sequence):
        wrong_type(node, wanted="a list of rules (`[]` for none)", findings=reading.findings)
        return ()
    read = ((item.place, _read_rule(item, mode=mode, reading=reading)) for item in node.items)
    return tuple((place, rule) for place, rule in read if rule is not None)


def report_duplicates(rules: Iterable[Placed], *, findings: Findings) -> None:
    """Reports every rule that is called like an earlier one."""
    seen: set[str] = set()
    for place, rule in rules:
        if rule.id and rule.id in seen:
            why, fix = f"Another rule is called `{rule.id}` already.", "Give every rule a name of its own."
            findings.report(place, code="duplicate_rule", why=why, fix=fix)
        seen.add(rule.id)


def _read_rule(node: Node, *, mode: Mode, reading: Reading) -> Rule | None:
    findings = reading.findings
    entries = read_mapping(node, keys=RULE_KEYS, what="a rule", findings=findings)
    if entries is None:
        return None
    _check_there(entries, names=("id", "name"), place=node.place, findings=findings)
    _check_there(entries, names=("match", "condition"), place=node.place, findings=findings)
    rule_id = _read_id(entries, findings=findings)
    match = _read_match(entries, reading=reading)
    violated = _read_violated(entries, reading=reading)
    return Rule(
        id=rule_id,
        condition=match if violated is None else _both(match, violated),
        consequence=_read_action(entries, rule_id=rule_id, place=node.place, reading=reading),
        priority=_read_priority(entries, findings=findings),
        trust=_read_trust(entries, findings=findings),
        labels=_read_labels(entries, findings=findings),
        mode=_read_mode(entries, findings=findings) or mode,
        counting=None if violated is None else _counting(match, violated=violated),
        title=_read_title(entries, findings=findings),
    )


def _check_there(entries: Mapping[str, Entry], *, names: tuple[str, ...], place: Place, findings: Findings) -> None:
    if not any(name in entries for name in names):
        findings.report(place, code="missing_key", why=f"The rule has no `{names[0]}`.", fix=f"Add `{names[0]}:`.")


def _read_id(entries: Mapping[str, Entry], *, findings: Findings) -> str:
    """The `id`; without one the `name` is it."""
    entry = entries.get("id") or entries.get("name")
    if entry is None:
        return ""
    node = entry.node
    if isinstance(node, Scalar) and isinstance(node.value, str) and _ID.fullmatch(node.value):
        return node.value
    wrong_type(node, wanted="a name (letters, digits, spaces, _ . : / -)", findings=findings)
    return ""


def _read_title(entries: Mapping[str, Entry], *, findings: Findings) -> str:
    """The `name` beside an `id`."""
    if "name" not in entries or "id" not in entries:
        return ""
    return read_text(entries["name"].node, wanted="a title", longest=LONGEST_TITLE, findings=findings) or ""


def _read_match(entries: Mapping[str, Entry], *, reading: Reading) -> Condition:
    """`match`, `condition` and `context` together; what can't be read was reported."""
    read = [read_match(entries[name].node, reading=reading) for name in ("match", "condition") if name in entries]
    if "context" in entries:
        read.append(read_context(entries["context"].node, reading=reading))
    known = tuple(each for each in read if each is not None and not isinstance(each, Anything))
    return all_of(known) if known else Anything()


def _read_violated(entries: Mapping[str, Entry], *, reading: Reading) -> Condition | None:
    return read_constraints(entries["constraints"].node, reading=reading) if "constraints" in entries else None


def _both(match: Condition, violated: Condition) -> Condition:
    return violated if isinstance(match, Anything) else all_of((match, violated))


def _counting(match: Condition, *, violated: Condition) -> Counting | None:
    """What a rate or budget among the constraints counts."""
    for each in comparisons(violated):
        if each.field.kind is FieldKind.COUNTED and isinstance(each.operand, Limit):
            limit = each.operand
            return Counting(match, limit.per, limit.window_seconds, amount=each.field.path or None)
    return None


def standard_reason(rule_id: str, *, decision: Decision) -> str:
    """What a rule that states no reason says."""
    return f"Rule {rule_id} says {decision}."


def _read_action(entries: Mapping[str, Entry], *, rule_id: str, place: Place, reading: Reading) -> Consequence | None:
    findings = reading.findings
    if "action" in entries:
        decision = read_choice(entries["action"].node, choices=members(Decision), findings=findings)
        if decision is None:
            return None
        reason = standard_reason(rule_id, decision=decision)
        if decision is Decision.DENY:
            entries = _without_approvers(entries, findings=findings)
        return read_consequence(
            entries, decision=decision, place=place, reason=reason, findings=findings, approvers=reading.approvers
        )
    useless = [name for name in _USELESS_WITHOUT_ACTION if name in entries]
    if useless or "effect" not in entries:
        why = f"{', '.join(f'`{name}`' for name in useless) or 'The rule'} needs an action."
        fix = (
            "Add `action:` (ALLOW, DENY, MODIFY, STEP_UP or DEFER); only a rule with nothing but an `effect:` has none."
        )
        findings.report(place, code="missing_key", why=why, fix=fix)
    return None


def _without_approvers(entries: Mapping[str, Entry], *, findings: Findings) -> dict[str, Entry]:
    """What stands beside DENY. Some pages print `approvers` there; it has to be readable and asks nobody."""
    if "quorum" not in entries:
        read_stages(entries, findings=findings)
    return {name: entry for name, entry in entries.items() if name != "approvers"}


def _read_priority(entries: Mapping[str, Entry], *, findings: Findings) -> int:
    if "priority" not in entries:
        return 0
    node = entries["priority"].node
    return read_integer(node, lowest=-HIGHEST_PRIORITY, highest=HIGHEST_PRIORITY, findings=findings) or 0


def _read_mode(entries: Mapping[str, Entry], *, findings: Findings) -> Mode | None:
    if "mode" not in entries:
        return None
    return read_choice(entries["mode"].node, choices=members(Mode), findings=findings)


def _read_trust(entries: Mapping[str, Entry], *, findings: Findings) -> Trust:
    if "trust" not in entries:
        return Trust.ATTESTED
    return read_choice(entries["trust"].node, choices=members(Trust), findings=findings) or Trust.ATTESTED


def _read_labels(entries: Mapping[str, Entry], *, findings: Findings) -> frozenset[str]:
    """The labels of `effect: {set_context: {data_kinds: …}}`, in upper case."""
    if "effect" not in entries:
        return frozenset()
    node = entries["effect"].node
    for name, keys in (("set_context", EFFECT_KEYS), ("data_kinds", LABEL_KEYS)):
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
