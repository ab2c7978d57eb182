"""What becomes of an approval that a claim finds not to hold: people are asked anew, or it is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from approvals.lifecycle.snapshot import Source
from approvals.lifecycle.states import State
from approvals.ports import Opening
from approvals.services.claims import lock_for_claim
from approvals.services.requests import Request, replace_request, revoke_request
from decisions.engine.verdict import Decision as Verdict
from decisions.engine.verdict import Ruling
from decisions.models import Decision, Session
from decisions.selectors.values import action_asked
from decisions.services.escalation import opening_of
from decisions.services.evaluation import Judged, has_reviewers
from decisions.services.judging_again import judge_again
from decisions.services.past import past_of
from decisions.services.questions import nonce_in
from decisions.services.records import decision_sections
from receipts.problems import ProblemError
from receipts.selectors import opened_values
from receipts.signing.canonical import action_digest


class Lapse(StrEnum):
    """What became of an approval that no longer holds."""

    RENEWED = "renewed"
    REVOKED = "revoked"


# Why a claim is refused that an approval doesn't survive, and whether people may be asked anew. A new approval would
# not help an identity that no longer holds. A claim of another action (APR-01) is none of these.
_MAY_RENEW = {
    "stale_identity": False,
    "context_integrity": False,
    "paused": False,
    "policy_changed": True,
    "not_approved": True,
}
_FIX = {
    Lapse.RENEWED: "People were asked anew. Wait for the decision again, and claim what it says then.",
    Lapse.REVOKED: "Submit the action again for a new decision.",
}


def lapse(request: Request | None, *, decision: Decision, session: Session, code: str, at: datetime) -> Lapse | None:
    """Ends an approval that was given and that a claim, refused with `code`, has found not to hold (APR-12, 15 to 17).

    The session is locked. Nothing happens to a request that is not approved, and where `code` says nothing about it.
    """
    if request is None or code not in _MAY_RENEW:
        return None
    locked, state = lock_for_claim(approval_id=request.pk, at=at)
    if state is not State.APPROVED:
        return None
    opening = _opening(locked, decision=decision, session=session, at=at) if _MAY_RENEW[code] else None
    if opening is None:
        revoke_request(locked, resolution=code, at=at)
        return Lapse.REVOKED
    replace_request(locked, opening=opening, resolution=code, at=at)
    return Lapse.RENEWED


def explained(refusal: ProblemError, *, lapsed: Lapse | None) -> ProblemError:
    """The refusal with what the agent can do now."""
    fix = _FIX[lapsed] if lapsed else refusal.fix
    return ProblemError(refusal.code, status=refusal.status, why=refusal.why, fix=fix, param=refusal.param)


def _opening(request: Request, *, decision: Decision, session: Session, at: datetime) -> Opening | None:
    """What people are asked now; nothing where the policy of now doesn't ask them, or nobody is there.

    What a reviewer has changed is not asked anew: the agent asked for something else.
    """
    if request.changed_by_id or request.shown.get("changes"):
        return None
    judged = judge_again(decision, session=session, at=at)
    ruling = asking(judged, session=session, at=at)
    if ruling is None:
        return None
    opening = anew(decision, session=session, ruling=ruling, source=Source(request.source), judged=judged, at=at)
    return replace(opening, replaces=request)


def anew(
    decision: Decision, *, session: Session, ruling: Ruling, source: Source, judged: Judged, at: datetime
) -> Opening:
    """What people are asked about an action that was judged again, under the digest of what would run now."""
    digest = action_digest(
        nonce=nonce_in(opened_values(decision.payload)),
        tool=decision.tool,
        operation=decision.operation,
        parameters=dict(ruling.parameters),
    )
    return opening_of(
        decision,
        session=session,
        ruling=ruling,
        sections=decision_sections(decision, session=session),
        source=source,
        digest=digest,
        policy=judged.policy,
        past=past_of(action_asked(decision), session=session, at=at),
    )


def asking(judged: Judged, *, session: Session, at: datetime) -> Ruling | None:
    """The ruling with the people whom it asks now; nothing where it asks nobody, or they aren't there."""
    ruling = judged.ruling
    if ruling.decision is Verdict.STEP_UP:
        return ruling
    # What was asked at the end of a deferral is asked so again.
    route = ruling.on_timeout
    if ruling.decision is not Verdict.DEFER or route is None or not has_reviewers(route, session=session, at=at):
        return None
    return replace(ruling, decision=Verdict.STEP_UP, route=route)
