"""Who is looking at requests now, as everybody who may see them is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from approvals.models import ApprovalRequest, Looking, User, Vote
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is looking, and until when that is said of them."""

    person: int
    name: str
    until: datetime


def readers_of(rows: Iterable[ApprovalRequest], *, at: datetime) -> Mapping[str, Sequence[Reader]]:
    """By request, who began first comes first. Whoever has voted has looked."""
    voted = Vote.objects.filter(request=OuterRef("request"), person=OuterRef("person"))
    found = Looking.objects.filter(~Exists(voted), request__in=list(rows), until__gt=at, person__is_active=True)
    readers: dict[str, list[Reader]] = defaultdict(list)
    for row in found.select_related("person").order_by("until", "pk"):
        readers[row.request_id].append(Reader(person=row.person_id, name=_name(row.person), until=row.until))
    return readers


def reader_answers(readers: Iterable[Reader]) -> list[JSON]:
    """The `looking` of the API."""
    return [{"by": each.name, "until": each.until.isoformat()} for each in readers]


def _name(person: User) -> str:
    return person.get_full_name() or person.get_username()
