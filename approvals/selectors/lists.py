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
from approvals.selectors.requests import asked_of, page_of, pending_count_for, pending_for, visible_to, waiting_for
from approvals.selectors.roster import REVIEW
from approvals.selectors.standing import current_tally, state_at, why_not
from receipts.access import AUDIT
from receipts.clock import DatabaseNow, database_now
from receipts.selectors import all_opened_values
from receipts.signing.canonical import JSON

Rows = QuerySet[ApprovalRequest]


class Tab(StrEnum):
    """The lists that an inbox has, by what its address says. `TEAMS` is for those who see more than they are asked."""

    MINE = "mine"
    TEAMS = "teams"
    ALL = "all"
    WATCHING = "watching"


class Sort(StrEnum):
    """The orders that a list may have."""

    RISK = "risk"
    EXPIRY = "expiry"
    OLDEST = "oldest"
    AGENT = "agent"


# What a deferral ended with has waited for longer, and comes first among equals.
_ORDERS: Mapping[Sort, tuple[str, ...]] = {
    Sort.RISK: ("-risk_order", "source", "expires_at", "id"),
    Sort.EXPIRY: ("expires_at", "-risk_order", "id"),
    Sort.OLDEST: ("opened_at", "id"),
    Sort.AGENT: ("asker", "-risk_order", "expires_at", "id"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which part of a list is wanted, and in which order; what is empty leaves nothing out."""

    risk: str = ""
    source: str = ""
    tool: str = ""
    sort: Sort = Sort.RISK

    @property
    def kept(self) -> Mapping[str, str]:
        """What it leaves out everything but, by column."""
        asked = {"risk_level": self.risk, "source": self.source, "tool": self.tool}
        return {column: value for column, value in asked.items() if value}


EVERYTHING = Choice()


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
    """A page of requests. `mine`, `teams`, `everything` and `watched` are the totals of the tabs, `tools` those of the
    whole list. `teams` is None for whoever sees nothing but what they are asked.

    `snoozed` of what this person could decide are put aside, and `wakes_at` is when the first comes back.
    """

    rows: Sequence[ListedRequest]
    mine: int
    everything: int
    watched: int
    teams: int | None
    tools: Sequence[str]
    following: str | None
    last_resolved_at: datetime | None
    is_new: bool
    at: datetime
    snoozed: int = 0
    wakes_at: datetime | None = None


def inbox_of(user: User, *, tab: Tab, cursor: str, choice: Choice = EVERYTHING) -> Inbox:
    """What waits for this person, what their teams are asked, all that they may see, or what they watch."""
    waiting = waiting_for(user) if user.has_perm(REVIEW) else pending_for(user).none()
    at = database_now()
    listed = _TABS[tab](user, waiting)
    page, following = page_of(_chosen(listed, choice, is_sorted=tab is Tab.WATCHING), cursor=cursor)
    wakes = list(snoozed_by(user).filter(request__in=waiting.values("pk")).values_list("snoozed_until", flat=True))
    return Inbox(
        rows=_listed(user, page, may_decide=_among(waiting, page), at=at),
        mine=pending_count_for(user),
        everything=pending_for(user).count(),
        watched=_watched_by(user).count(),
        teams=asked_of(user).count() if sees_more(user) else None,
        tools=sorted(set(listed.order_by().values_list("tool", flat=True))),
        following=following,
        last_resolved_at=None if page else visible_to(user).aggregate(last=Max("resolved_at"))["last"],
        is_new=not page and not visible_to(user).exists(),
        at=at,
        snoozed=len(wakes),
        wakes_at=min(filter(None, wakes), default=None),
    )


def sees_more(user: User) -> bool:
    """Whether this person is asked, and sees what others are asked as well."""
    return user.has_perm(REVIEW) and user.has_perm(AUDIT)


def _chosen(rows: Rows, choice: Choice, *, is_sorted: bool) -> Rows:
    rows = rows.filter(**choice.kept)
    return rows if is_sorted and choice.sort is Sort.RISK else rows.order_by(*_ORDERS[choice.sort])


def _watched_by(user: User) -> QuerySet[ApprovalRequest]:
    """What still waits comes first."""
    waits = When(state=State.PENDING.value, expires_at__gt=DatabaseNow(), then=Value(0))
    rows = visible_to(user).filter(marks__person=user, marks__is_watched=True)
    return rows.order_by(Case(waits, default=Value(1)), "-risk_order", "expires_at", "id")


_TABS: Mapping[Tab, Callable[[User, Rows], Rows]] = {
    Tab.MINE: lambda user, waiting: without_snoozed(waiting, user=user),
    Tab.TEAMS: lambda user, waiting: asked_of(user),
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
