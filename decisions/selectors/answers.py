"""The one object that agents get, from `/decide`, from the long poll and from a read alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from approvals.selectors import state_at
from approvals.selectors.questions import questions_to_agent
from decisions.engine.verdict import Effective
from decisions.models import Decision, Deferral
from decisions.selectors.settled import settled_action, settled_digest
from decisions.selectors.standing import approval_of, deferral_of, deferral_state_at, effective_at
from decisions.selectors.values import asked_parameters, erased
from receipts.selectors import opened_values
from receipts.signing.canonical import JSON, request_digest


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _approval(decision: Decision, *, deferral: Deferral | None, at: datetime) -> dict[str, Any] | None:
    approval = approval_of(decision, deferral=deferral)
    if approval is None:
        return None
    return {
        "id": approval.pk,
        "state": state_at(approval, at).value,
        "expires_at": _instant(approval.expires_at),
        "url": f"{settings.AARM_BASE_URL}/a/{approval.pk}",
        "code": approval.code,
    }


def _questions(decision: Decision, *, deferral: Deferral | None) -> list[JSON] | None:
    """What a reviewer asks the agent before they decide; only while an answer can still matter."""
    approval = approval_of(decision, deferral=deferral)
    return questions_to_agent(approval) if approval and approval.agent_questions else None


def _deferral(deferral: Deferral | None, *, at: datetime) -> dict[str, Any] | None:
    if deferral is None:
        return None
    return {
        "id": deferral.pk,
        "state": deferral_state_at(deferral, at),
        "context_needed": deferral.context_needed,
        "expires_at": _instant(deferral.expires_at),
    }


def _permitted(decision: Decision, *, values: Mapping[str, JSON], deferral: Deferral | None) -> dict[str, Any]:
    """What may be executed, and how it differs from what was asked."""
    settled = settled_action(decision, deferral=deferral, values=values)
    return {"parameters": settled.parameters, "modifications": settled.modifications}


def _asked(decision: Decision, *, values: Mapping[str, JSON]) -> str:
    """The digest of the question. Small values can be guessed from it, so that nothing keeps it."""
    return request_digest(
        session_id=decision.session_id,
        tool=decision.tool,
        operation=decision.operation,
        parameters=asked_parameters(decision, values=values),
    )


def _shortest(number: float | None) -> float | None:
    """1 for 1.0, which are the same in JSON; the canonical form of a whole number is found much sooner."""
    return int(number) if number is not None and number.is_integer() else number


def decision_answer(decision: Decision, *, at: datetime, values: Mapping[str, JSON] | None = None) -> dict[str, Any]:
    """The answer as of `at`. A field without a value is left out; `parameters` is there only when they may be used.

    `values` are those of the decision's payload, where the caller has them open. Raises `erased`.
    """
    held = deferral_of(decision)
    opened = opened_values(decision.payload) if values is None else values
    if not opened:
        raise erased()
    outcome = effective_at(decision, at=at, deferral=held)
    final = {**decision.ruling, **(held.resolution or {})} if held else decision.ruling
    policy, signals = decision.policy, dict(final.get("signals", {}))
    # The one signal that has a place of its own.
    alignment = signals.pop("alignment", None)
    answer: dict[str, Any] = {
        "decision_id": decision.pk,
        "action_id": decision.action_id,
        "session_id": decision.session_id,
        "decision": decision.decision,
        "effective": outcome.value,
        "reason": final["reason"],
        "reason_code": final.get("reason_code", decision.reason_code),
        "rule_id": final.get("rule_id", decision.rule_id) or None,
        "classification": final["classification"],
        "risk_level": final.get("risk_level", decision.risk_level),
        "confidence": _shortest(final.get("confidence")),
        "alignment": alignment,
        "risk_signals": signals or None,
        "policy": policy and {"id": policy.policy_id, "version": policy.version, "hash": policy.digest},
        "request_digest": _asked(decision, values=opened),
        "action_digest": settled_digest(decision, deferral=held),
        "approval": _approval(decision, deferral=held, at=at),
        "deferral": _deferral(held, at=at),
        "receipt": {
            "id": decision.receipt.pk,
            "digest": decision.receipt.digest,
            "url": f"{settings.AARM_BASE_URL}/r/{decision.receipt.pk}",
        },
    }
    if outcome is Effective.PENDING:
        answer["questions"] = _questions(decision, deferral=held)
    elif outcome is not Effective.DENY:
        answer |= _permitted(decision, values=opened, deferral=held)
    return {name: value for name, value in answer.items() if value is not None}
