"""Reading what a rule, or the default posture, leads to: the action and the keys that go with it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from decisions.engine.document import Consequence
from decisions.engine.fields import Field, FieldKind
from decisions.engine.matching import read_field
from decisions.engine.modifications import read_changes
from decisions.engine.readers import (
    Entry,
    members,
    read_choice,
    read_items,
    read_seconds,
    read_share,
    read_text,
    wrong_type,
)
from decisions.engine.routes import (
    LONGEST_TIMEOUT,
    read_denials,
    read_editable,
    read_escalation,
    read_hold,
    read_questions,
    read_stages,
)
from decisions.engine.source import Findings, Node, Place, Scalar
from decisions.engine.verdict import Classification, Decision, RiskLevel, Route, Stage

LONGEST_REASON = 500

DEFAULT_TIMEOUTS = {Decision.STEP_UP: 3600, Decision.DEFER: 300}
# The risk of a rule that names none.
DEFAULT_RISKS = {
    Decision.ALLOW: RiskLevel.LOW,
    Decision.MODIFY: RiskLevel.MEDIUM,
    Decision.STEP_UP: RiskLevel.MEDIUM,
    Decision.DEFER: RiskLevel.MEDIUM,
    Decision.DENY: RiskLevel.HIGH,
}
# The decisions that a classification can go with.
CLASSIFIED = {
    Classification.FORBIDDEN: {Decision.DENY},
    Classification.CONTEXT_DEPENDENT_DENY: {Decision.DENY},
    Classification.CONTEXT_DEPENDENT_ALLOW: {Decision.ALLOW, Decision.STEP_UP},
    Classification.CONTEXT_DEPENDENT_DEFER: {Decision.DEFER},
}
# The decisions that a key belongs to. Beside another one it would say nothing, so it is refused.
KEY_DECISIONS = {
    "approvers": {Decision.STEP_UP, Decision.DEFER},
    "quorum": {Decision.STEP_UP, Decision.DEFER},
    "timeout": {Decision.STEP_UP, Decision.DEFER},
    "timeout_action": {Decision.STEP_UP, Decision.DEFER},
    "escalation": {Decision.STEP_UP},
    "questions": {Decision.STEP_UP},
    "editable": {Decision.STEP_UP},
    "hold": {Decision.STEP_UP},
    "denials": {Decision.STEP_UP},
    "context_needed": {Decision.DEFER},
    "resolvers": {Decision.DEFER},
    "modifications": {Decision.MODIFY},
}
REQUIRED = {Decision.STEP_UP: "approvers", Decision.MODIFY: "modifications"}
# Every accepted spelling of the keys that go with an action.
CONSEQUENCE_KEYS = {
    **{name: name for name in ("classification", "risk_level", "reason", "threshold", *KEY_DECISIONS)},
    "on_timeout": "timeout_action",
    "modification": "modifications",
}
# What may follow a timeout. Silence never permits (G6), so a question can only be denied by it.
TIMEOUT_ACTIONS = {
    Decision.STEP_UP: {"DENY": Decision.DENY},
    Decision.DEFER: {"DENY": Decision.DENY, "STEP_UP": Decision.STEP_UP},
}
RESOLVER = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}"
_RESOLVER = re.compile(RESOLVER)
# A DEFER can wait for what someone may still supply. Sets and counters are always there.
_SUPPLIED = frozenset(
    {
        FieldKind.PARAMETER,
        FieldKind.FACT,
        FieldKind.REQUEST,
        FieldKind.INTENT,
        FieldKind.PROFILE,
        FieldKind.HUMAN,
        FieldKind.SERVICE,
        FieldKind.HOST,
        FieldKind.SIGNAL,
        FieldKind.UNTRUSTED_PARAMETERS,
    }
)


def read_consequence(
    entries: Mapping[str, Entry],
    *,
    decision: Decision,
    place: Place,
    reason: str,
    findings: Findings,
    approvers: tuple[Stage, ...] = (),
) -> Consequence:
    """What `decision` and the entries beside it lead to; `reason` is said, and `approvers` asked, where they give none.

    Whatever is wrong goes to `findings`, and then the result must not be used.
    """
    _check_keys(entries, decision=decision, place=place, has_approvers=bool(approvers), findings=findings)
    risk = _read_risk(entries, findings=findings) or DEFAULT_RISKS[decision]
    stages = read_stages(entries, findings=findings) or approvers
    timeout = _read_timeout(entries, decision=decision, findings=findings)
    return Consequence(
        decision=decision,
        reason=_read_reason(entries, findings=findings) or reason,
        risk_level=risk,
        classification=_read_classification(entries, decision=decision, findings=findings),
        modifications=read_changes(entries["modifications"].node, findings=findings)
        if "modifications" in entries
        else (),
        stages=stages if decision is Decision.STEP_UP else (),
        context_needed=_read_needs(entries, findings=findings),
        timeout_seconds=timeout,
        threshold=_read_threshold(entries, findings=findings),
        escalation=read_escalation(entries, timeout_seconds=timeout, findings=findings),
        questions=read_questions(entries, findings=findings),
        editable=read_editable(entries, findings=findings),
        hold_seconds=read_hold(entries, findings=findings),
        denials=read_denials(entries, findings=findings),
        resolvers=_read_resolvers(entries, findings=findings),
        on_timeout=_read_fallback(entries, decision=decision, stages=stages, risk=risk, findings=findings),
    )


def _check_keys(
    entries: Mapping[str, Entry], *, decision: Decision, place: Place, has_approvers: bool, findings: Findings
) -> None:
    for name, decisions in KEY_DECISIONS.items():
        if name in entries and decision not in decisions:
            why, fix = f"`{name}` means nothing beside {decision}.", f"It goes with {' or '.join(sorted(decisions))}."
            findings.report(entries[name].place, code="key_without_use", why=why, fix=fix)
    required = REQUIRED.get(decision)
    if required == "approvers" and has_approvers and "quorum" not in entries:
        return
    if required is not None and required not in entries:
        findings.report(place, code="missing_key", why=f"{decision} needs `{required}`.", fix=f"Add `{required}`.")


def _read_fallback(
    entries: Mapping[str, Entry],
    *,
    decision: Decision,
    stages: tuple[Stage, ...],
    risk: RiskLevel,
    findings: Findings,
) -> Route | None:
    """Who is asked when a DEFER has waited in vain; None where that denies."""
    if decision not in TIMEOUT_ACTIONS:
        return None
    follows: Decision | None = Decision.DENY
    if "timeout_action" in entries:
        follows = read_choice(entries["timeout_action"].node, choices=TIMEOUT_ACTIONS[decision], findings=findings)
    if decision is Decision.STEP_UP or follows is None:
        return None
    named = entries.get("approvers") or entries.get("quorum")
    if follows is Decision.DENY and named is not None:
        why, fix = "A DEFER asks nobody, unless its timeout does.", "Add `timeout_action: STEP_UP`, or leave it out."
        findings.report(named.place, code="key_without_use", why=why, fix=fix)
    if follows is Decision.DENY:
        return None
    if "approvers" not in entries:
        why = "Nobody is named who could be asked at the timeout."
        findings.report(entries["timeout_action"].place, code="missing_key", why=why, fix="Add `approvers`.")
    return Route(stages=stages, timeout_seconds=DEFAULT_TIMEOUTS[Decision.STEP_UP], risk_level=risk)


def _read_risk(entries: Mapping[str, Entry], *, findings: Findings) -> RiskLevel | None:
    if "risk_level" not in entries:
        return None
    return read_choice(entries["risk_level"].node, choices=members(RiskLevel), findings=findings)


def _read_reason(entries: Mapping[str, Entry], *, findings: Findings) -> str | None:
    if "reason" not in entries:
        return None
    return read_text(entries["reason"].node, wanted="a sentence", longest=LONGEST_REASON, findings=findings)


def _read_classification(
    entries: Mapping[str, Entry], *, decision: Decision, findings: Findings
) -> Classification | None:
    if "classification" not in entries:
        return None
    entry = entries["classification"]
    classification = read_choice(entry.node, choices=members(Classification), findings=findings)
    if classification is not None and decision not in CLASSIFIED[classification]:
        why = f"{decision} can't be {classification}."
        fix = f"{classification} goes with {' or '.join(sorted(CLASSIFIED[classification]))}."
        findings.report(entry.place, code="classification_mismatch", why=why, fix=fix)
    return classification


def _read_timeout(entries: Mapping[str, Entry], *, decision: Decision, findings: Findings) -> int | None:
    if "timeout" not in entries:
        return DEFAULT_TIMEOUTS.get(decision)
    return read_seconds(entries["timeout"].node, lowest=1, highest=LONGEST_TIMEOUT, findings=findings)


def _read_threshold(entries: Mapping[str, Entry], *, findings: Findings) -> float:
    if "threshold" not in entries:
        return 0.0
    return read_share(entries["threshold"].node, findings=findings) or 0.0


def _read_resolvers(entries: Mapping[str, Entry], *, findings: Findings) -> tuple[str, ...]:
    if "resolvers" not in entries:
        return ()
    node = entries["resolvers"].node
    items = read_items(node, wanted="the name of a resolver", findings=findings) or ()
    names: list[str] = []
    for item in items:
        if isinstance(item, Scalar) and isinstance(item.value, str) and _RESOLVER.fullmatch(item.value):
            names.append(item.value)
        else:
            wrong_type(item, wanted="the name of a resolver (letters, digits, _ . -)", findings=findings)
    return tuple(dict.fromkeys(names))


def _read_needs(entries: Mapping[str, Entry], *, findings: Findings) -> tuple[Field, ...]:
    if "context_needed" not in entries:
        return ()
    items = read_items(entries["context_needed"].node, wanted="the name of a fact", findings=findings) or ()
    needs = [_read_need(item, findings=findings) for item in items]
    return tuple(need for need in needs if need is not None)


def _read_need(node: Node, *, findings: Findings) -> Field | None:
    """A bare name is a fact; anything else is a field's full name."""
    name = node.value if isinstance(node, Scalar) else None
    if isinstance(name, str):
        field = read_field(name) or (read_field(f"facts.{name}") if "." not in name else None)
        if field is not None and field.kind in _SUPPLIED:
            return field
    why = "This is nothing that an action could wait for."
    fix = f"Name a fact, or a field of {', '.join(sorted(_SUPPLIED))}."
    findings.report(node.place, code="unknown_field", why=why, fix=fix)
    return None
