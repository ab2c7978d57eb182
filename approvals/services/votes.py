"""Casting a vote: the only way in which a person's word moves a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from approvals import ports
from approvals.lifecycle.grants import Terms
from approvals.lifecycle.quorum import Result, Unheard, Verdict, why_unheard
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import Event, State
from approvals.models import ApprovalRequest, Grant, User, Vote
from approvals.selectors.eligibility import eligibility_of
from approvals.selectors.granted import endorsement_lost
from approvals.selectors.roster import Eligibility, is_requester
from approvals.selectors.standing import current_tally, said_by, state_at
from approvals.services.attention import attention_of, note_miss
from approvals.services.confirmations import NOTHING_MORE, Confirmation, Proof, check_confirmation
from approvals.services.granting import Wish, wished_grant
from approvals.services.outbox import record_event
from approvals.services.passkeys import Asked, ask_for_signature
from approvals.services.requests import locked_request, move, sections, settle
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError, not_found
from receipts.services import issue_receipt, store_values
from receipts.signing.canonical import JSON
from receipts.signing.statement import ReceiptType

# What may still be said in a state. During the hold an approval can be taken back or denied, not given.
HEARD = {
    State.PENDING: frozenset(Verdict),
    State.HELD: frozenset({Verdict.DENY, Verdict.WITHDRAW}),
}
_UNHEARD = {
    Unheard.ALREADY_VOTED: "You have already voted.",
    Unheard.NOTHING_TO_WITHDRAW: "You have no approval to take back.",
}


@dataclass(frozen=True, slots=True)
class CastBallot:
    """What a person sends: `view_digest` and `version` say which view of the request they decided on.

    `grant` is what they grant beside this action, with an approval.
    """

    verdict: Verdict
    view_digest: str
    version: int
    reason: str = ""
    private_note: str = ""
    surface: str = "web"
    grant: Wish | None = None
    confirmation: Confirmation = NOTHING_MORE


def _refuse(code: str, why: str, *, status: int = 409, fix: str = "Read the request again.") -> ProblemError:
    return ProblemError(code, status=status, why=why, fix=fix)


def check_person(person: User, *, request: ApprovalRequest, at: datetime) -> Eligibility:
    """As whom this person may decide. Raises `self_approval` and `not_eligible`."""
    if is_requester(person, requester=request.requester):
        raise _refuse("self_approval", "Who asked can't approve.", status=403, fix="Another reviewer has to decide.")
    eligibility = eligibility_of(person, request=request, at=at)
    if eligibility is None:
        raise _refuse(
            "not_eligible", "You are not one of the reviewers who were asked.", status=403, fix="Ask one of them."
        )
    return eligibility


def check_view(request: ApprovalRequest, *, view_digest: str, version: int) -> None:
    """Raises `changed_while_reviewing` where a person decides on another view than the one there is."""
    if (view_digest, version) != (request.view_digest, request.version):
        raise _refuse("changed_while_reviewing", "The request is not the one that you were shown.")


def ended(state: State) -> ProblemError:
    """Why nothing is decided any more: `expired` or `already_resolved`."""
    code = "expired" if state is State.EXPIRED else "already_resolved"
    return _refuse(code, f"This request is {state.value.lower()}.")


def ask_to_sign(*, approval_id: str, person: User, view: tuple[str | None, int | None] = (None, None)) -> Asked:
    """What this person's passkey has to sign so that their approval counts; `view` is what they say they were shown.

    Raises what `cast_vote` would, as far as it can be told now, and `passkey_required` without a passkey.
    """
    request = ApprovalRequest.objects.filter(pk=approval_id).first()
    if request is None:
        raise not_found("approval")
    at = database_now()
    state = state_at(request, at)
    if state is not State.PENDING:
        raise ended(state)
    check_person(person, request=request, at=at)
    check_view(request, view_digest=view[0] or request.view_digest, version=view[1] or request.version)
    return ask_for_signature(request, person=person)


def cast_vote(*, approval_id: str, person: User, ballot: CastBallot) -> ApprovalRequest:
    """Records a vote and lets the tally move the request, in one transaction.

    Raises `not_found`, `self_approval`, `not_eligible`, `changed_while_reviewing`, `already_voted`,
    `nothing_to_withdraw`, `stale_identity`, whatever `check_confirmation` does, and `already_resolved` or `expired`
    when the question has ended. An expiry found here is itself committed, and so is that somebody confirmed another
    target than the action's.
    """
    try:
        return _cast(approval_id=approval_id, person=person, ballot=ballot)
    except ProblemError as problem:
        if problem.code == "target_not_confirmed" and ballot.confirmation.target:
            note_miss(approval_id=approval_id, person=person)
        raise


def _cast(*, approval_id: str, person: User, ballot: CastBallot) -> ApprovalRequest:
    with transaction.atomic():
        request = locked_request(approval_id)
        at = database_now()
        state = settle(request, at=at)
        if ballot.verdict in HEARD.get(state, ()):
            _record(request, person=User.objects.get(pk=person.pk), ballot=ballot, at=at)
            return request
    raise ended(state)


def _record(request: ApprovalRequest, *, person: User, ballot: CastBallot, at: datetime) -> None:
    eligibility = check_person(person, request=request, at=at)
    check_view(request, view_digest=ballot.view_digest, version=ballot.version)
    said = said_by(person, request=request)
    _check_heard(said, verdict=ballot.verdict)
    problem = ports.identity_problem(approval_id=request.first_id)
    if problem and ballot.verdict is Verdict.APPROVE:
        raise _refuse("stale_identity", problem, fix="The agent has to ask again.")
    proof = _proof_of(request, person=person, ballot=ballot, at=at)
    _save_vote(request, person=person, ballot=ballot, eligibility=eligibility, proof=proof, at=at)
    _apply_tally(request, at=at)


def _check_heard(said: Sequence[Verdict], *, verdict: Verdict) -> None:
    unheard = why_unheard(said, verdict=verdict)
    if unheard is not None:
        raise _refuse(unheard.value, _UNHEARD[unheard])


def _proof_of(request: ApprovalRequest, *, person: User, ballot: CastBallot, at: datetime) -> Proof:
    """Saying no, or taking a yes back, takes nothing more than being who one is."""
    if ballot.verdict is not Verdict.APPROVE:
        return Proof()
    return check_confirmation(request, person=person, given=ballot.confirmation, reason=ballot.reason, at=at)


def _save_vote(
    request: ApprovalRequest,
    *,
    person: User,
    ballot: CastBallot,
    eligibility: Eligibility,
    proof: Proof,
    at: datetime,
) -> None:
    said: dict[str, JSON] = {"reason": ballot.reason, "private_note": ballot.private_note}
    grant = _granted(request, ballot=ballot, at=at)
    if isinstance(ballot.grant, Terms):
        said["grant"] = ballot.grant.to_dict()
    if proof.verified_by == "passkey":
        # As it was signed, so that an auditor can check it again.
        said["assertion"] = dict(ballot.confirmation.assertion or {})
    words = store_values(said, at=at, subject=person.person_id)
    vote = Vote(
        id=new_id("vot"),
        request=request,
        person=person,
        holder=User.objects.get(pk=eligibility.holder) if eligibility.holder != person.pk else None,
        number=request.votes.filter(person=person).count() + 1,
        verdict=ballot.verdict.value,
        view_digest=ballot.view_digest,
        version=ballot.version,
        surface=ballot.surface,
        verified_by=proof.verified_by,
        groups=sorted(eligibility.parties),
        words=words.row,
        grant=grant,
        cast_at=at,
    )
    if grant is not None and grant._state.adding:
        grant.terms = words.row
        grant.save(force_insert=True)
    try:
        vote.save(force_insert=True)
    except IntegrityError as error:
        raise _refuse("already_voted", _UNHEARD[Unheard.ALREADY_VOTED]) from error
    attention = attention_of(request, person=person, has_confirmed="target" in proof.section)
    body = sections(request, state=State(request.state)) | {
        "vote": {
            "id": vote.pk,
            "approver": person.person_id,
            "verdict": vote.verdict,
            "groups": vote.groups,
            "surface": ballot.surface,
            "view_digest": ballot.view_digest,
            "verified_by": proof.verified_by,
            **({"attention": attention.value} if attention else {}),
            **({"confirmed": dict(proof.section)} if proof.section else {}),
            **({"instead_of": vote.holder.person_id} if vote.holder else {}),
            **({"grant": _grant_section(grant)} if grant else {}),
        },
        "commitments": dict(words.commitments),
    }
    issue_receipt(type=ReceiptType.VOTE, stream=request.stream, body=body, at=at, payload=words)


def _granted(request: ApprovalRequest, *, ballot: CastBallot, at: datetime) -> Grant | None:
    if ballot.grant is None:
        return None
    if ballot.verdict is not Verdict.APPROVE:
        raise _refuse("cannot_grant", "Only who approves grants anything.", fix="Approve, or leave the grant out.")
    return wished_grant(request, wish=ballot.grant, at=at)


def _grant_section(grant: Grant) -> dict[str, JSON]:
    """What is granted, in clear as far as it says nothing of values; those are committed to."""
    return {"id": grant.pk, "uses": grant.uses, "until": grant.expires_at.isoformat(timespec="microseconds")}


def _apply_tally(request: ApprovalRequest, *, at: datetime) -> None:
    result = current_tally(request).result
    if result is Result.DENIED:
        move(
            request,
            event=Event.DENIED,
            at=at,
            resolution="denied_by_reviewer",
            release_at=None,
            claim_expires_at=None,
        )
    elif result is Result.APPROVED and request.state == State.PENDING:
        _approve(request, at=at)
    elif result is Result.PENDING and request.state == State.HELD:
        move(request, event=Event.UNDONE, at=at, resolution="", release_at=None, claim_expires_at=None)
        # The time to decide may have ended during the hold.
        settle(request, at=at)
    else:
        # What moves a request is announced with the move; a vote that doesn't suffice is news to other reviewers too.
        record_event(topic="vote_cast", reference=request.pk)


def _approve(request: ApprovalRequest, *, at: datetime) -> None:
    route = Route.from_dict(request.route)
    release_at = route.release_at(at)
    move(
        request,
        event=Event.QUORUM_HELD if route.hold_seconds else Event.QUORUM_REACHED,
        at=at,
        resolution="approved_by_quorum",
        release_at=release_at,
        claim_expires_at=route.claim_expires_at(release_at),
    )


def check_still_approved(request: ApprovalRequest) -> str | None:
    """Why what approved a request no longer suffices, or nothing; asked again at the claim (APR-12)."""
    if request.grant is not None:
        is_gone = request.grant.revoked_at is not None or endorsement_lost(request.grant)
        return "The grant that approved it was taken back." if is_gone else None
    if current_tally(request).result is Result.APPROVED:
        return None
    return "A reviewer who approved may no longer decide."
