"""The rows and signed sections that a ruling becomes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from decisions.engine.changes import ChangeKind
from decisions.engine.verdict import Modification, Step
from decisions.intake.bodies import DecideBody
from decisions.models import Decision, Session
from decisions.selectors.values import ASKED, FINAL, QUESTION, STEPS
from decisions.services.evaluation import Judged
from decisions.services.parties import Section, recorded_section
from receipts.access import Caller
from receipts.identifiers import new_id
from receipts.services import Committed, Promise, commit_values
from receipts.signing.canonical import JSON


def committed_values(
    judged: Judged,
    *,
    asked: Mapping[str, JSON],
    explanation: str | None,
    at: datetime,
    session: Session,
    promise: Promise | None = None,
) -> Committed:
    """What the decision is about, each parameter under a commitment of its own; what was changed, also as asked.

    The question is kept as text: its bytes are what `evaluation_digest` is taken of.
    """
    ruling = judged.ruling
    values: dict[str, JSON] = {FINAL + name: value for name, value in ruling.parameters.items()}
    if ruling.modifications:
        values |= {ASKED + name: value for name, value in asked.items()}
        values["modifications"] = [modification_answer(change) for change in ruling.modifications]
    if explanation:
        values["explanation"] = explanation
    if ruling.steps:
        values[STEPS] = [step_values(step) for step in ruling.steps]
    values[QUESTION] = judged.question.decode()
    return commit_values(values, at=at, subject=session.human_id or "", promise=promise)


def modification_answer(change: Modification) -> dict[str, JSON]:
    """One change as answers and snapshots show it. What was or will be absent is left out."""
    before: dict[str, JSON] = {} if change.before is None else {"from": change.before}
    after: dict[str, JSON] = {} if change.kind is ChangeKind.REMOVE else {"to": change.after}
    return {"path": change.path, **before, **after, "rule_id": change.rule_id}


def ruling_record(judged: Judged) -> dict[str, Any]:
    """What of a ruling isn't personal: what answers repeat, what it was counted for, what rules in shadow would say."""
    ruling, shadow = judged.ruling, judged.ruling.shadow
    return {
        "reason": ruling.reason,
        "confidence": ruling.confidence,
        "shadow": shadow and {"decision": shadow.decision.value, "rule_id": shadow.rule_id, "reason": shadow.reason},
        "classification": ruling.classification.value if ruling.classification else None,
        "matched": list(ruling.matched_rules),
        "is_modified": bool(ruling.modifications),
        "labels": sorted(ruling.labels),
        "signals": dict(judged.signals),
        "counted": {each.rule_id: each.amount for each in ruling.counted},
        **({"steps": [*map(step_record, ruling.steps)]} if ruling.steps else {}),
    }


def is_labelled(decision: Decision) -> bool:
    """Whether rules or the catalogue have said what data the action touches.

    Of several commands in one call the labels of one say nothing about the others. Earlier decisions don't tell.
    """
    calls = [step for step in decision.ruling.get("steps", ()) if not step["only_carries"]]
    return bool(decision.ruling.get("labels")) and len(calls) <= 1


def step_record(step: Step) -> dict[str, JSON]:
    """One step of an action that stands for others. What it is called with is among the values."""
    return {
        "tool": step.tool,
        "operation": step.operation,
        "decision": step.decision.value,
        "rule": step.rule_id,
        "only_carries": step.only_carries,
    }


def step_values(step: Step) -> dict[str, JSON]:
    """The same with what it is called with."""
    return {**step_record(step), "parameters": dict(step.parameters)}


def decision_row(
    session: Session,
    *,
    body: DecideBody,
    caller: Caller,
    identity: Section,
    judged: Judged,
    digest: str,
    values: Committed,
    at: datetime,
) -> Decision:
    """The decision, not saved yet: its receipt is issued first, and names it. `digest` is that of its final action."""
    ruling = judged.ruling
    return Decision(
        id=new_id("dec"),
        action_id=body.action_id or new_id("act"),
        session=session,
        agent_id=session.agent_id,
        credential_id=caller.key_id,
        policy=judged.policy,
        tool=body.tool,
        operation=body.operation,
        decision=ruling.decision.value,
        reason_code=ruling.reason_code.value,
        rule_id=ruling.rule_id or "",
        risk_level=ruling.risk_level.value,
        action_digest=digest,
        evaluation_digest=judged.evaluation_digest,
        position=session.length,
        depends_on=list(body.depends_on),
        identity=dict(identity),
        ruling=ruling_record(judged),
        payload=values.row,
        decided_at=at,
    )


def decision_sections(decision: Decision, *, session: Session) -> dict[str, JSON]:
    """Action, context, identity and decision: what every receipt about this action says alike."""
    assert decision.policy is not None
    return {
        "action": {
            "id": decision.action_id,
            "tool": decision.tool,
            "operation": decision.operation,
            "action_digest": decision.action_digest,
        },
        "context": {"session": session.pk, "position": session.length, "head": session.head},
        "identity": dict(recorded_section(decision, session=session)),
        "decision": {
            "id": decision.pk,
            "result": decision.decision,
            "reason": decision.ruling["reason"],
            "reason_code": decision.reason_code,
            "rule": decision.rule_id or None,
            "classification": decision.ruling["classification"],
            "risk_level": decision.risk_level,
            "evaluation_digest": decision.evaluation_digest,
            "policy": {
                "id": decision.policy.policy_id,
                "version": decision.policy.version,
                "hash": decision.policy.digest,
            },
            # Earlier decisions have none.
            **{name: decision.ruling[name] for name in ("signals", "steps") if decision.ruling.get(name)},
        },
    }
