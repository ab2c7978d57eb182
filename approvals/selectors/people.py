"""Whose a random id is."""

from __future__ import annotations

from collections.abc import Collection

from approvals.models import User


def names_of(ids: Collection[str]) -> dict[str, str]:
    """Answers `receipts.ports.Directory` for the people who sign in."""
    people = User.objects.filter(person_id__in=ids)
    return {person.person_id: person.get_full_name() or person.get_username() for person in people}
