"""The one object that agents get, from `/decide`, from the long poll and from a read alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from approvals.selectors import state_at
from decisions.engine.verdict import Effective
from decisions.models import Decision, Deferral
from decisions.selectors.standing import deferral_of, deferral_state_at, effective_at
from decisions.selectors.values import parameters_in
from receipts.selectors import opened_values


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _approval(decision: Decision, *, deferral: Deferral | None, at: datetime) -> dict[str, Any] | None:
    approval = decision.approval or (deferral.approval if deferral else None)
    if approval is None:
        return None
    return {
        "id": approval.pk,
        "state": state_at(approval, at).value,
        "expires_at": _instant(approval.expires_at),
        "url": f"{settings.AARM_BASE_URL}/a/{approval.pk}",
        "code": approval.code,
    }


def _deferral(deferral: Deferral | None, *, at: datetime) -> dict[str, Any] | None:
    if deferral is None:
        return None
    return {
        "id": deferral.pk,
        "state": deferral_state_at(deferral, at),
        "context_needed": deferral.context_needed,
        "expires_at": _instant(deferral.expires_at),
    }


def _permitted(decision: Decision, *, deferral: Deferral | None) -> dict[str, Any]:
    """What may be executed, and how it differs from what was asked."""
    values = opened_values(deferral.payload if deferral and deferral.payload else decision.payload)
    return {"parameters": parameters_in(values), "modifications": values.get("modifications")}


def decision_answer(decision: Decision, *, at: datetime, deferral: Deferral | None = None) -> dict[str, Any]:
    """The answer as of `at`. A field without a value is left out; `parameters` is there only when they may be used."""
    held = deferral or deferral_of(decision)
    outcome = effective_at(decision, at=at, deferral=held)
    final = {**decision.ruling, **(held.resolution or {})} if held else decision.ruling
    policy = decision.policy
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
        "confidence": final.get("confidence"),
        "policy": policy and {"id": policy.policy_id, "version": policy.version, "hash": policy.digest},
        "request_digest": decision.request_digest,
        "action_digest": final.get("action_digest", decision.action_digest),
        "approval": _approval(decision, deferral=held, at=at),
        "deferral": _deferral(held, at=at),
        "receipt": {
            "id": decision.receipt.pk,
            "digest": decision.receipt.digest,
            "url": f"{settings.AARM_BASE_URL}/r/{decision.receipt.pk}",
        },
    }
    if outcome is not Effective.PENDING and outcome is not Effective.DENY:
        answer |= _permitted(decision, deferral=held)
    return {name: value for name, value in answer.items() if value is not None}
