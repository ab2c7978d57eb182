"""What one person has noted of requests: which are put aside until when, which are watched, and whose they are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Min, OuterRef, QuerySet

from approvals.lifecycle.snoozing import latest_end, offered_minutes
from approvals.models import ApprovalRequest, Delegation, Mark, Timer, User
from receipts.clock import DatabaseNow


@dataclass(frozen=True, slots=True)
class Marks:
    """What a row of the inbox says of a request for one person.

    `snooze_minutes` are the lengths that are offered; `passed_on` names to whom others passed their place on.
    """

    snoozed_until: datetime | None = None
    is_watched: bool = False
    snooze_minutes: tuple[int, ...] = ()
    passed_on: tuple[str, ...] = ()


NO_MARKS = Marks()


def snoozed_by(user: User) -> QuerySet[Mark]:
    """What this person has put aside and hasn't come back yet."""
    return Mark.objects.filter(person=user, snoozed_until__gt=DatabaseNow())


def without_snoozed(rows: QuerySet[ApprovalRequest], *, user: User) -> QuerySet[ApprovalRequest]:
    """The same without what this person has put aside."""
    return rows.exclude(Exists(snoozed_by(user).filter(request=OuterRef("pk"))))


def marks_of(rows: Sequence[ApprovalRequest], *, user: User, at: datetime) -> Mapping[str, Marks]:
    """By request, in three queries however many there are."""
    own = {mark.request_id: mark for mark in Mark.objects.filter(person=user, request__in=rows)}
    steps, places = _next_steps(rows), _passed_on(rows, at=at)
    return {
        row.pk: _marks(row, own=own.get(row.pk), step=steps.get(row.pk), at=at, passed_on=tuple(places[row.pk]))
        for row in rows
    }


def snooze_limit(row: ApprovalRequest, *, at: datetime) -> datetime:
    """Until when this request may be put aside."""
    return latest_end(at, expires_at=row.expires_at, escalates_at=_next_steps([row]).get(row.pk))


def _marks(
    row: ApprovalRequest, *, own: Mark | None, step: datetime | None, at: datetime, passed_on: tuple[str, ...]
) -> Marks:
    until = own.snoozed_until if own else None
    latest = latest_end(at, expires_at=row.expires_at, escalates_at=step)
    return Marks(
        snoozed_until=until if until is not None and until > at else None,
        is_watched=own is not None and own.is_watched,
        snooze_minutes=offered_minutes(at, latest=latest),
        passed_on=passed_on,
    )


def _next_steps(rows: Sequence[ApprovalRequest]) -> Mapping[str, datetime]:
    # Step 0 only asks who has come on call since: nothing that somebody should be back for.
    waiting = Timer.objects.filter(request__in=rows, done_at__isnull=True, step__gt=0)
    return dict(waiting.values_list("request_id").annotate(Min("due_at")))


def _passed_on(rows: Sequence[ApprovalRequest], *, at: datetime) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    holding = Delegation.objects.filter(request__in=rows, starts_at__lte=at, ends_at__gt=at)
    for row in holding.select_related("deputy").order_by("pk"):
        found[str(row.request_id)].append(row.deputy.get_full_name() or row.deputy.get_username())
    return found
