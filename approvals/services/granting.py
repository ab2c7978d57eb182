"""Granting more than one action with an approval, using that up, and taking it back.

A use is counted under the grant's lock, by a conditional update, in the transaction in which the request that it
answers is opened; the number of the use is unique in the database. So N uses are N, however many processes ask at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from approvals.lifecycle.grants import Terms
from approvals.lifecycle.quorum import Verdict
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import Event
from approvals.models import ApprovalRequest, Change, Grant, User
from approvals.selectors.granted import Asked, coverage_of, why_not_grantable
from approvals.selectors.grants import grant_for
from approvals.selectors.standing import standing_votes
from approvals.services.administration import record_change
from approvals.services.outbox import record_event
from approvals.services.requests import move, new_approval_id, open_request
from receipts.access import caller_of
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError

GRANTED = "approved_by_grant"


@dataclass(frozen=True, slots=True)
class Joined:
    """That a person grants what another one has proposed, by its id."""

    grant: str


Wish = Terms | Joined
"""What a person grants with an approval."""


def wished_grant(request: ApprovalRequest, *, wish: Wish, at: datetime) -> Grant:
    """The grant that a vote is to name: a new one, not saved and without its terms, or the one that was proposed.

    The request is locked. Raises `cannot_grant`.
    """
    proposed = proposed_grant(request)
    if isinstance(wish, Joined):
        if proposed is None or proposed.pk != wish.grant:
            raise _refused("Nobody who has approved this grants that.")
        return proposed
    if proposed is not None:
        raise _refused("Another reviewer proposes a grant for it already.", fix="Join that one, or approve once.")
    problem = why_not_grantable(request, terms=wish)
    if problem is not None:
        raise _refused(problem.why, fix=problem.fix) from problem
    return Grant(
        id=new_id("grt"),
        request=request,
        stream=request.stream,
        uses=wish.uses,
        granted_at=at,
        expires_at=at + timedelta(minutes=wish.minutes),
    )


def proposed_grant(request: ApprovalRequest) -> Grant | None:
    """What those grant who have approved a request that still waits for others."""
    votes = [vote for vote, verdict in standing_votes(request) if verdict is Verdict.APPROVE and vote.grant_id]
    return votes[0].grant if votes else None


def _refused(why: str, *, fix: str = "Approve it once.") -> ProblemError:
    return ProblemError("cannot_grant", status=409, why=why, fix=fix, param="grant")


def open_within_grants(asked: Asked) -> ApprovalRequest:
    """A pending request, as always; where a grant covers it, that has counted a use, and `answer_by_grant` is due.

    In the caller's transaction, so that a use that leads to nothing is not counted.
    """
    coverage = coverage_of(asked)
    # Somebody may take the grant back, or use it up, between the look and the count.
    while coverage.grant is not None and not _count_use(coverage.grant, at=asked.at):
        coverage = coverage_of(asked)
    snapshot = replace(asked.opening.snapshot, not_granted=coverage.refusals)
    opening = replace(asked.opening, snapshot=snapshot)
    return open_request(approval_id=new_approval_id(), opening=opening, at=asked.at, grant=coverage.grant)


def _count_use(grant: Grant, *, at: datetime) -> bool:
    """One use more, with the row locked until the transaction ends; False where there is none any more."""
    live = Grant.objects.filter(pk=grant.pk, used__lt=F("uses"), revoked_at__isnull=True, expires_at__gt=at)
    is_counted = live.update(used=F("used") + 1) == 1
    if is_counted:
        grant.refresh_from_db(fields=["used"])
    return is_counted


def answer_by_grant(request: ApprovalRequest, *, at: datetime) -> None:
    """Approves a request that was opened within a grant, at once: those who granted it had their time to undo it.

    What is approved so is to be claimed before the grant ends.
    """
    grant = request.grant
    assert grant is not None
    until = Route.from_dict(request.route).claim_expires_at(at)
    move(
        request,
        event=Event.QUORUM_REACHED,
        at=at,
        resolution=GRANTED,
        release_at=at,
        claim_expires_at=min(until, grant.expires_at),
    )


def revoke_grant(*, grant_id: str, person: User) -> Grant:
    """Ends a grant at once; what it has approved and nobody has claimed is not approved any more.

    Once more changes nothing. Raises `not_found` for whoever may not see it, and `signing_unavailable`.
    """
    with transaction.atomic():
        grant = grant_for(person, Grant.objects.select_for_update(of=("self",)), grant_id=grant_id)
        if grant.revoked_at is None:
            grant.revoked_at, grant.revoked_by = database_now(), person
            grant.save(update_fields=["revoked_at", "revoked_by"])
            record_event(topic="grant_revoked", reference=grant.request_id)
            record_change(Change.CHANGED, of=grant, actor=caller_of(person), fields=["revoked_at"])
    return grant
