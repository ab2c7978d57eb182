"""What requests keep and repeat of the person for whom an agent asked, and how it goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from approvals.lifecycle.states import NON_TERMINAL, TERMINAL, Event, State
from approvals.models import ApprovalRequest
from approvals.services.requests import move, settle

SLICE = 500


ERASED = "erased"


def withdraw_requests(*, stream: str, at: datetime) -> None:
    """Ends what is open in a locked session whose person is erased: nobody could tell any more what is asked."""
    rows = ApprovalRequest.objects.select_for_update().filter(stream=stream, state__in=sorted(NON_TERMINAL))
    for request in rows.order_by("id"):
        state = settle(request, at=at)
        if state is State.HELD:
            move(request, event=Event.UNDONE, at=at, resolution="", release_at=None, claim_expires_at=None)
            state = settle(request, at=at)
        if state in _WITHDRAWN_BY:
            move(request, event=_WITHDRAWN_BY[state], at=at, resolution=ERASED)


_WITHDRAWN_BY = {State.PENDING: Event.CANCELLED, State.APPROVED: Event.REVOKED}


def erase_requester(subject: str) -> int:
    """The name to which self-approval was compared, and what guesses at the action could be held against."""
    named = ApprovalRequest.objects.filter(snapshot__subject=subject)
    return named.update(requester=f"erased:{subject}", likeness="")


def end_requesters(before: datetime, held: Collection[str]) -> int:
    """The same in requests of months that are over, once nobody can vote on them any more."""
    over = ApprovalRequest.objects.filter(opened_at__lt=before, state__in=sorted(TERMINAL))
    over = over.exclude(requester="", likeness="")
    found = list(over.exclude(snapshot__subject__in=held).values_list("pk", flat=True)[:SLICE])
    return ApprovalRequest.objects.filter(pk__in=found).update(requester="", likeness="")


def snapshots_of(ids: Collection[str]) -> Mapping[str, str | None]:
    """The payload of what each of these requests showed; None where what was approved has been claimed."""
    rows = ApprovalRequest.objects.filter(pk__in=ids).values_list("pk", "state", "snapshot_id")
    return {pk: None if state == State.CLAIMED else snapshot for pk, state, snapshot in rows}


def forget_likeness(ids: Collection[str]) -> None:
    """What requests whose snapshot is gone could be guessed from."""
    ApprovalRequest.objects.filter(pk__in=ids, snapshot__erased_at__isnull=False).update(likeness="")
