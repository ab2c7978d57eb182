"""Using an approval up: once, within its time, and only while those who gave it still may."""

from __future__ import annotations

from datetime import datetime

from approvals.lifecycle.states import Event, State
from approvals.models import ApprovalRequest
from approvals.services.requests import locked_request, move, settle
from approvals.services.votes import check_still_approved
from receipts.problems import ProblemError


def lock_for_claim(*, approval_id: str, at: datetime) -> tuple[ApprovalRequest, State]:
    """The locked request and its state by the clock; an expiry found here is part of the caller's transaction."""
    request = locked_request(approval_id)
    return request, settle(request, at=at)


def claim_request(request: ApprovalRequest, *, at: datetime) -> None:
    """APPROVED → CLAIMED. Raises `not_approved` when a reviewer who approved may no longer decide."""
    problem = check_still_approved(request)
    if problem:
        raise ProblemError("not_approved", status=409, why=problem, fix="Ask again.")
    move(request, event=Event.CLAIMED, at=at, resolution=request.resolution)
