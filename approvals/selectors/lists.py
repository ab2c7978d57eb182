"""The inbox: a page of requests with what one person may do about each, in few queries however many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Case, Max, QuerySet, Value, When

from approvals.lifecycle.quorum import Tally, tally
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, User, Vote
from approvals.selectors.looking import Reader, readers_of
from approvals.selectors.marks import NO_MARKS, Marks, marks_of, snoozed_by, without_snoozed
from approvals.selectors.requests import page_of, pending_count_for, pending_for, visible_to, waiting_for
from approvals.selectors.roster import REVIEW
from approvals.selectors.standing import current_tally, state_at, why_not
from receipts.clock import DatabaseNow, database_now
from receipts.selectors import all_opened_values
from receipts.signing.canonical import JSON


class Tab(StrEnum):
    """The lists that an inbox has, by what its address says."""

    MINE = "mine"
    ALL = "all"
    WATCHING = "watching"


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """A request in a list.

    `shown` is its snapshot, `why_not` is empty where this person may decide it, `readers` say that they look at it.
    """

    row: ApprovalRequest
    shown: Mapping[str, JSON]
    tally: Tally
    why_not: str
    readers: Sequence[Reader] = ()
    state: State = State.PENDING
    marks: Marks = NO_MARKS

    @property
    def is_pending(self) -> bool:
        return self.state is State.PENDING


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of requests. `mine`, `everything` and `watched` are the totals of the tabs, not what is on the page.

    `snoozed` of what this person could decide are put aside, and `wakes_at` is when the first comes back.
    """

    rows: Sequence[ListedRequest]
    mine: int
    everything: int
    watched: int
    following: str | None
    last_resolved_at: datetime | None
    is_new: bool
    at: datetime
    snoozed: int = 0
    wakes_at: datetime | None = None


def inbox_of(user: User, *, tab: Tab, cursor: str) -> Inbox:
    """What waits for this person, everything pending that they may see, or what they watch."""
    waiting = waiting_for(user) if user.has_perm(REVIEW) else pending_for(user).none()
    at = database_now()
    page, following = page_of(_TABS[tab](user, waiting), cursor=cursor)
    wakes = list(snoozed_by(user).filter(request__in=waiting.values("pk")).values_list("snoozed_until", flat=True))
    return Inbox(
        rows=_listed(user, page, may_decide=_among(waiting, page), at=at),
        mine=pending_count_for(user),
        everything=pending_for(user).count(),
        watched=_watched_by(user).count(),
        following=following,
        last_resolved_at=None if page else visible_to(user).aggregate(last=Max("resolved_at"))["last"],
        is_new=not page and not visible_to(user).exists(),
        at=at,
        snoozed=len(wakes),
        wakes_at=min(filter(None, wakes), default=None),
    )


def _watched_by(user: User) -> QuerySet[ApprovalRequest]:
    """What still waits comes first."""
    waits = When(state=State.PENDING.value, expires_at__gt=DatabaseNow(), then=Value(0))
    rows = visible_to(user).filter(marks__person=user, marks__is_watched=True)
    return rows.order_by(Case(waits, default=Value(1)), "-risk_order", "expires_at", "id")


Rows = QuerySet[ApprovalRequest]
_TABS: Mapping[Tab, Callable[[User, Rows], Rows]] = {
    Tab.MINE: lambda user, waiting: without_snoozed(waiting, user=user),
    Tab.ALL: lambda user, waiting: pending_for(user),
    Tab.WATCHING: lambda user, waiting: _watched_by(user),
}


def _among(waiting: QuerySet[ApprovalRequest], page: Sequence[ApprovalRequest]) -> set[str]:
    return set(waiting.filter(pk__in=[row.pk for row in page]).values_list("pk", flat=True))


def _listed(user: User, page: Sequence[ApprovalRequest], *, may_decide: set[str], at: datetime) -> list[ListedRequest]:
    voted = set(Vote.objects.filter(request__in=page).values_list("request_id", flat=True))
    values = all_opened_values([row.snapshot for row in page])
    readers, marks = readers_of(page, at=at), marks_of(page, user=user, at=at)
    return [
        ListedRequest(
            row=row,
            shown=values[row.snapshot_id],
            tally=current_tally(row) if row.pk in voted else _untouched(row),
            why_not="" if row.pk in may_decide else why_not(user, request=row, state=state_at(row, at), at=at),
            readers=readers.get(row.pk, ()),
            state=state_at(row, at),
            marks=marks[row.pk],
        )
        for row in page
    ]


def _untouched(row: ApprovalRequest) -> Tally:
    return tally(Route.from_dict(row.route).stages, ballots=[], requester=None)
