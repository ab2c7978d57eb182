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


def spellings_of(person_id: str) -> list[str]:
    """Answers `receipts.ports.Spelling`: somebody with a full name is called by the name of the account as well."""
    people = User.objects.filter(person_id=person_id)
    return [name for each in people for name in (each.get_username(), each.get_full_name(), each.email)]


def named(beginning: str) -> dict[str, str]:
    """Answers `receipts.ports.Finder` for them."""
    spelled = Q(username__istartswith=beginning) | Q(first_name__istartswith=beginning)
    people = User.objects.filter(spelled | Q(last_name__istartswith=beginning))[:MOST_NAMED]
    return {person.person_id: person.get_full_name() or person.get_username() for person in people}
