"""The inbox: a page of requests with what one person may do about each, in few queries however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, QuerySet

from approvals.lifecycle.quorum import Tally, tally
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, User, Vote
from approvals.selectors.looking import Reader, readers_of
from approvals.selectors.requests import page_of, pending_count_for, pending_for, visible_to, waiting_for
from approvals.selectors.roster import REVIEW
from approvals.selectors.standing import current_tally, why_not
from receipts.clock import database_now
from receipts.selectors import all_opened_values
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """A pending request in a list.

    `shown` is its snapshot, `why_not` is empty where this person may decide it, `readers` say that they look at it.
    """

    row: ApprovalRequest
    shown: Mapping[str, JSON]
    tally: Tally
    why_not: str
    readers: Sequence[Reader] = ()


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of requests. `mine` and `everything` are the totals of the two tabs, not what is on the page."""

    rows: Sequence[ListedRequest]
    mine: int
    everything: int
    following: str | None
    last_resolved_at: datetime | None
    is_new: bool
    at: datetime


def inbox_of(user: User, *, is_all: bool, cursor: str) -> Inbox:
    """What waits for this person, or with `is_all` everything pending that they may see."""
    waiting = waiting_for(user) if user.has_perm(REVIEW) else pending_for(user).none()
    at = database_now()
    page, following = page_of(pending_for(user) if is_all else waiting, cursor=cursor)
    return Inbox(
        rows=_listed(user, page, may_decide=_among(waiting, page), at=at),
        mine=pending_count_for(user),
        everything=pending_for(user).count(),
        following=following,
        last_resolved_at=None if page else visible_to(user).aggregate(last=Max("resolved_at"))["last"],
        is_new=not page and not visible_to(user).exists(),
        at=at,
    )


def _among(waiting: QuerySet[ApprovalRequest], page: Sequence[ApprovalRequest]) -> set[str]:
    return set(waiting.filter(pk__in=[row.pk for row in page]).values_list("pk", flat=True))


def _listed(user: User, page: Sequence[ApprovalRequest], *, may_decide: set[str], at: datetime) -> list[ListedRequest]:
    voted = set(Vote.objects.filter(request__in=page).values_list("request_id", flat=True))
    values = all_opened_values([row.snapshot for row in page])
    readers = readers_of(page, at=at)
    return [
        ListedRequest(
            row=row,
            shown=values[row.snapshot_id],
            tally=current_tally(row) if row.pk in voted else _untouched(row),
            why_not="" if row.pk in may_decide else why_not(user, request=row, state=State.PENDING, at=at),
            readers=readers.get(row.pk, ()),
        )
        for row in page
    ]


def _untouched(row: ApprovalRequest) -> Tally:
    return tally(Route.from_dict(row.route).stages, ballots=[], requester=None)
