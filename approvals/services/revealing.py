"""Showing what a request's page covers: one act, on the record before anything is seen."""

from __future__ import annotations

from django.db import transaction

from approvals.models import Reveal, User
from approvals.selectors.requests import request_for
from approvals.services.votes import check_person
from receipts.access import AUDIT, caller_of
from receipts.clock import database_now
from receipts.services.disclosure import disclose_approval


def reveal(*, approval_id: str, person: User) -> None:
    """Lets this person's page show it for a while. Reviewers who may decide the request, and auditors.

    Raises `not_found`, `self_approval`, `not_eligible`, `signing_unavailable`.
    """
    with transaction.atomic():
        request = request_for(person, approval_id)
        at = database_now()
        if not person.has_perm(AUDIT):
            check_person(person, request=request, at=at)
        Reveal.objects.create(request=request, person=person, shown_at=at)
        disclose_approval(caller_of(person), approval_id=request.pk)
