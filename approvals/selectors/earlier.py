"""What somebody has asked for before, as far as it matters when they ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest

TURNED_DOWN = (State.DENIED.value, State.CANCELLED.value)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, by an id of the app above, in which stream of receipts, and the likeness of what is asked."""

    id: str
    stream: str
    likeness: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """`waiting` are the asker's requests that are undecided, `turned_down` those alike that ended so, newest first."""

    waiting: tuple[ApprovalRequest, ...] = ()
    turned_down: tuple[ApprovalRequest, ...] = ()


def earlier_of(asker: Asker, *, since: datetime, at: datetime) -> Earlier:
    """In one statement. What was turned down in another stream before `since` is forgotten, in this one nothing is."""
    undecided = Q(state=State.HELD.value) | Q(state=State.PENDING.value, expires_at__gt=at)
    alike = Q(state__in=TURNED_DOWN, likeness=asker.likeness)
    alike &= Q(stream=asker.stream) | Q(resolved_at__gt=since)
    rows = ApprovalRequest.objects.filter(undecided | alike, asker=asker.id).order_by("-opened_at", "-id")
    found = list(rows)
    return Earlier(
        waiting=tuple(row for row in found if row.state not in TURNED_DOWN),
        turned_down=tuple(row for row in found if row.state in TURNED_DOWN),
    )
