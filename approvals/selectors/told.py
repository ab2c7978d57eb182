"""What is kept about a person who signs in, beside values: the account, votes, what they were asked and shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from approvals.models import Asking, Reveal, User, Vote
from receipts.signing.canonical import JSON
from receipts.signing.times import format_time

SLICE = 500


def told_of_person(subject: str) -> Iterator[Mapping[str, JSON]]:
    """Answers `receipts.ports.Teller`. Whose place somebody voted in is another person's, and not told."""
    user = User.objects.filter(person_id=subject).first()
    if user is None:
        return
    yield _account(user)
    for vote in Vote.objects.filter(person=user).order_by("cast_at", "id").iterator(SLICE):
        yield _vote(vote)
    for asking in Asking.objects.filter(person=user).order_by("asked_at", "id").iterator(SLICE):
        yield {"kind": "asked", "request": asking.request_id, "at": format_time(asking.asked_at)}
    for reveal in Reveal.objects.filter(person=user).order_by("shown_at", "id").iterator(SLICE):
        yield {"kind": "shown", "request": reveal.request_id, "at": format_time(reveal.shown_at)}


def _account(user: User) -> Mapping[str, JSON]:
    return {
        "kind": "account",
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_active": user.is_active,
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "joined_at": format_time(user.date_joined),
        "last_signed_in_at": format_time(user.last_login) if user.last_login else None,
    }


def _vote(vote: Vote) -> Mapping[str, JSON]:
    return {
        "kind": "vote",
        "id": vote.pk,
        "request": vote.request_id,
        "verdict": vote.verdict,
        "surface": vote.surface,
        "verified_by": vote.verified_by,
        "groups": vote.groups,
        "values": vote.words_id,
        "at": format_time(vote.cast_at),
    }
