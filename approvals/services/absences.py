"""Who votes in the place of somebody who is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError

from approvals.models import Change, Delegation, User
from approvals.selectors.members import reviewers
from approvals.services.administration import Actor, record_change
from approvals.services.routes import keeping_routes_open
from approvals.services.teams import locked_person
from receipts.access import caller_of
from receipts.clock import database_now
from receipts.problems import ProblemError, not_found

OTHERS = "approvals.change_delegation"
"""Who may say of others that they are away."""


@dataclass(frozen=True, slots=True)
class Absence:
    """From `starts_at` until `ends_at` (aware) `deputy` votes in the place of `person`; both by user name."""

    person: str
    deputy: str
    starts_at: datetime
    ends_at: datetime


def begin_absence(absence: Absence, *, by: User) -> Delegation:
    """Appoints the deputy, who is asked about whatever is open when the time begins.

    Raises `forbidden` for another's absence, `unknown_person`, `cannot_stand_in`, and `dead_end` where somebody who
    votes for two is too few for a route.
    """
    _require_own(absence.person, by=by)
    with keeping_routes_open():
        # In one order, so that two who appoint each other don't wait for each other.
        names = {"person": absence.person, "deputy": absence.deputy}
        people = {
            param: locked_person(name, param=param) for param, name in sorted(names.items(), key=lambda it: it[1])
        }
        at = database_now()
        row = Delegation(**people, starts_at=max(absence.starts_at, at), ends_at=absence.ends_at)
        _require_sense(row)
        row.save(force_insert=True)
        record_change(Change.ADDED, of=row, actor=_actor(by))
    return row


def end_absence(absence_id: int, *, by: User) -> None:
    """Ends it now, or takes it back where it hasn't begun. What the deputy has voted stands.

    Raises `not_found`, `forbidden`, `dead_end`.
    """
    with keeping_routes_open():
        rows = Delegation.objects.select_for_update(of=("self",)).select_related("person")
        row = rows.filter(pk=absence_id, request__isnull=True, ends_at__gt=database_now()).first()
        if row is None:
            raise not_found("absence")
        _require_own(row.person.username, by=by)
        at = database_now()
        if row.starts_at >= at:
            record_change(Change.DELETED, of=row, actor=_actor(by))
            row.delete()
            return
        row.ends_at = at
        row.save(update_fields=["ends_at"])
        record_change(Change.CHANGED, of=row, actor=_actor(by), fields=["ends_at"])


def _actor(by: User) -> Actor:
    return caller_of(by)


def _require_own(username: str, *, by: User) -> None:
    if username != by.username and not by.has_perm(OTHERS):
        raise ProblemError(
            "forbidden",
            status=403,
            why="You may say when you are away yourself; of others an administrator says it.",
            fix="Ask an administrator, or the person.",
            param="person",
        )


def _require_sense(row: Delegation) -> None:
    if row.starts_at >= row.ends_at:
        raise _senseless(
            "That time is over, or ends before it begins.", fix="Let it end after it begins, and after now."
        )
    if not reviewers().filter(pk=row.deputy_id).exists():
        raise _senseless("The deputy may not review.", fix="Choose a reviewer.")
    try:
        row.clean()
    except ValidationError as error:
        raise _senseless(" ".join(error.messages), fix="Choose somebody else, or another time.") from error


def _senseless(why: str, *, fix: str) -> ProblemError:
    return ProblemError("cannot_stand_in", status=409, why=why, fix=fix, param="deputy")
