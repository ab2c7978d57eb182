"""Claiming: the agent takes the parameters that were approved, once, and only what was approved.

A refusal is itself recorded. One of another action leaves the approval as it was, so that the exact action can still
be claimed (APR-01); one because the approval no longer holds ends it (`decisions.services.renewal`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from approvals.services.claims import claim_request
from approvals.services.requests import Request
from decisions.models import Claim, Decision, OpenLease, Session
from decisions.selectors import approval_of, decision_for, deferral_of
from decisions.selectors.settled import settled_action
from decisions.services.claimable import Approved, ClaimRequest, require_claimable
from decisions.services.idempotency import Answer, Attempt, earlier_answer, remember
from decisions.services.integrity import lock_session
from decisions.services.questions import nonce_in
from decisions.services.records import decision_sections
from decisions.services.renewal import explained, lapse
from receipts.access import Caller
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError
from receipts.selectors import opened_values
from receipts.services import issue_receipt
from receipts.signing.canonical import JSON, digest
from receipts.signing.statement import ReceiptType

__all__ = ["ClaimRequest", "claim_decision"]

log = structlog.get_logger(__name__)


def claim_decision(*, caller: Caller, decision_id: str, wanted: ClaimRequest, key: str) -> Answer:
    """The final parameters and the lease, exactly once; again only under the same `Idempotency-Key` inside the lease.

    Raises `not_found`, `already_consumed`, `action_mismatch`, `not_approved`, `stale_identity`, `context_integrity`,
    `paused`, `policy_changed`, `expired`, `erased`.
    """
    named = decision_for(caller, decision_id)
    content: dict[str, JSON] = {"action_digest": wanted.action_digest, "action": dict(wanted.action or {})}
    attempt = Attempt(caller=caller.id, purpose=f"claim:{named.pk}", key=key, body_digest=digest(content))
    try:
        with transaction.atomic():
            answer, refusal = _attempted(caller, named, wanted=wanted, attempt=attempt)
    except IntegrityError:
        raise _consumed() from None
    if refusal is not None:
        log.warning("security_event", event_kind="claim_refused", code=refusal.code, decision_id=decision_id)
        raise refusal
    assert answer is not None
    return answer


def _attempted(
    caller: Caller, named: Decision, *, wanted: ClaimRequest, attempt: Attempt
) -> tuple[Answer | None, ProblemError | None]:
    """1 lock the session · 2 a repeat · 3 state · 4 pauses · 5 action · 6 identity · 7 policy · 8 votes · 9 take."""
    session = lock_session(named.session_id)
    assert session is not None
    at = database_now()
    decision = decision_for(caller, named.pk)
    earlier = _repeat(decision, attempt=attempt, at=at)
    if earlier is not None:
        return earlier, None
    approved = _approved(decision, session=session)
    try:
        with transaction.atomic():
            return _take(approved, wanted=wanted, attempt=attempt, caller=caller, at=at), None
    except ProblemError as refusal:
        lapsed = lapse(approved.request, decision=decision, session=session, code=refusal.code, at=at)
        _record_refusal(approved, refusal=refusal, at=at)
        return None, explained(refusal, lapsed=lapsed)


def _repeat(decision: Decision, *, attempt: Attempt, at: datetime) -> Answer | None:
    claim = Claim.objects.filter(decision=decision).first()
    if claim is None:
        return None
    if claim.key and claim.key == attempt.key and at < claim.lease_expires_at:
        return earlier_answer(attempt)
    raise _consumed()


def _consumed() -> ProblemError:
    return ProblemError(
        "already_consumed",
        status=409,
        why="This approval has been claimed.",
        fix="Submit the action again for a new decision.",
    )


def _approved(decision: Decision, *, session: Session) -> Approved:
    deferral = deferral_of(decision)
    values = opened_values(decision.payload)
    request = approval_of(decision, deferral=deferral)
    return Approved(
        decision=decision,
        session=session,
        deferral=deferral,
        action=settled_action(decision, deferral=deferral, values=values),
        request=request,
        nonce=_nonce(decision, request=request, values=values),
    )


def _nonce(decision: Decision, *, request: Request | None, values: Mapping[str, JSON]) -> bytes:
    """That of the decision for which the request was opened: others that asked for the same are folded into it."""
    first = request.receipt_sections["decision"]["id"] if request else decision.pk
    if first == decision.pk:
        return nonce_in(values)
    return nonce_in(opened_values(Decision.objects.select_related("payload").get(pk=first).payload))


def _take(approved: Approved, *, wanted: ClaimRequest, attempt: Attempt, caller: Caller, at: datetime) -> Answer:
    decision = approved.decision
    request = require_claimable(approved, wanted=wanted, caller=caller, at=at)
    if request is not None:
        claim_request(request, at=at)
    claim = Claim(
        id=new_id("clm"),
        decision=decision,
        credential_id=caller.key_id,
        key=attempt.key,
        claimed_at=at,
        lease_expires_at=at + timedelta(seconds=settings.AARM_CLAIM_LEASE_SECONDS),
    )
    claim.save(force_insert=True)
    OpenLease.objects.create(claim=claim, expires_at=claim.lease_expires_at)
    lease = claim.lease_expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    _receipt(
        approved, type=ReceiptType.CLAIM, outcome={"status": "CLAIMED"}, claim={"id": claim.pk, "lease": lease}, at=at
    )
    content: dict[str, JSON] = {
        "claim_id": claim.pk,
        "decision_id": decision.pk,
        "action_digest": approved.action.digest,
        "parameters": approved.parameters,
        "lease_expires_at": lease,
    }
    return remember(attempt, status=200, content=content, at=at)


def _record_refusal(approved: Approved, *, refusal: ProblemError, at: datetime) -> None:
    _receipt(
        approved,
        type=ReceiptType.CLAIM_REFUSED,
        outcome={"status": "DENY", "why": refusal.code},
        claim={"id": None, "lease": None},
        at=at,
    )


def _receipt(
    approved: Approved, *, type: ReceiptType, outcome: dict[str, JSON], claim: dict[str, JSON], at: datetime
) -> None:
    decision = approved.decision
    more: dict[str, JSON] = {"outcome": outcome, "claim": claim}
    if approved.request is not None:
        more["approval"] = {"id": approved.request.pk}
    if approved.deferral:
        more["deferral"] = {"id": approved.deferral.pk}
    issue_receipt(
        type=type,
        stream=f"session/{approved.session.pk}",
        body=decision_sections(decision, session=approved.session) | more,
        at=at,
    )
