"""Putting a request aside for a while, and watching one. Only the marks of the person who says so move."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, Mark, User
from approvals.selectors.marks import snooze_limit
from approvals.selectors.standing import state_at
from approvals.services.votes import ended
from receipts.clock import database_now
from receipts.problems import ProblemError


def snooze(request: ApprovalRequest, *, person: User, minutes: int) -> None:
    """Keeps it out of what waits for this person, for so long or until it has to be back, whichever is sooner.

    Raises `already_resolved` or `expired`, and `invalid_form` where it has to be back by now.
    """
    at = database_now()
    state = state_at(request, at)
    if state is not State.PENDING:
        raise ended(state)
    until = min(at + timedelta(minutes=minutes), snooze_limit(request, at=at))
    if until <= at:
        why, fix = "There is too little time left to put it aside.", "Decide it, or pass it on."
        raise ProblemError("invalid_form", status=400, why=why, fix=fix, param="minutes")
    with transaction.atomic():
        Mark.objects.filter(person=person, is_watched=False, snoozed_until__lte=at).delete()
        Mark.objects.update_or_create(request=request, person=person, defaults={"snoozed_until": until})


def wake(request: ApprovalRequest, *, person: User) -> None:
    """It waits for this person again."""
    with transaction.atomic():
        Mark.objects.filter(request=request, person=person).update(snoozed_until=None)
        _forget_empty(request, person=person)


def watch(request: ApprovalRequest, *, person: User) -> None:
    """Keeps it in this person's list of what they watch, also once it is decided."""
    Mark.objects.update_or_create(request=request, person=person, defaults={"is_watched": True})


def unwatch(request: ApprovalRequest, *, person: User) -> None:
    """Takes it out of that list."""
    with transaction.atomic():
        Mark.objects.filter(request=request, person=person).update(is_watched=False)
        _forget_empty(request, person=person)


def _forget_empty(request: ApprovalRequest, *, person: User) -> None:
    Mark.objects.filter(request=request, person=person, is_watched=False, snoozed_until=None).delete()
