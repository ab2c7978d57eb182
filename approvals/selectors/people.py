"""Whose a random id is."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from approvals.models import User
from receipts.ports import MOST_NAMED


def names_of(ids: Collection[str]) -> dict[str, str]:
    """Answers `receipts.ports.Directory` for the people who sign in."""
    people = User.objects.filter(person_id__in=ids)
    return {person.person_id: person.get_full_name() or person.get_username() for person in people}


def named(beginning: str) -> dict[str, str]:
    """Answers `receipts.ports.Finder` for them."""
    spelled = Q(username__istartswith=beginning) | Q(first_name__istartswith=beginning)
    people = User.objects.filter(spelled | Q(last_name__istartswith=beginning))[:MOST_NAMED]
    return {person.person_id: person.get_full_name() or person.get_username() for person in people}
