"""Whoever sends a request that only people may send."""

from __future__ import annotations

from rest_framework.request import Request

from approvals.services.people import Person


def person_of(request: Request) -> Person:
    """The person; the view's permission has let nobody else in."""
    user = request.user
    assert isinstance(user, Person)
    return user
