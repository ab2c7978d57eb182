"""Saying that one is looking at a request. Nobody is kept from anything by it, and nothing of the request moves."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from approvals.lifecycle.questions import HEARD
from approvals.models import Looking, User
from approvals.services.outbox import record_event
from approvals.services.requests import locked_request, settle
from approvals.services.votes import check_person, ended
from receipts.clock import database_now

LASTS = timedelta(minutes=10)
"""It ends by itself, so that nobody waits for somebody who went home."""


def look_at(*, approval_id: str, person: User) -> None:
    """Says to others that this person is looking, for so long; saying it again begins anew.

    Raises `not_found`, `self_approval`, `not_eligible`, and `already_resolved` or `expired`.
    """
    with transaction.atomic():
        request = locked_request(approval_id)
        at = database_now()
        state = settle(request, at=at)
        if state in HEARD:
            check_person(person, request=request, at=at)
            Looking.objects.filter(until__lte=at).delete()
            Looking.objects.update_or_create(request=request, person=person, defaults={"until": at + LASTS})
            record_event(topic="looking", reference=request.pk)
            return
    raise ended(state)


def look_away(*, approval_id: str, person: User) -> None:
    """Takes it back; whoever wasn't looking changes nothing."""
    with transaction.atomic():
        deleted, _ = Looking.objects.filter(request=approval_id, person=person).delete()
        if deleted:
            record_event(topic="looking", reference=approval_id)
