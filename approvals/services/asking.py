"""Asking people: who is asked is written down once for each of them, and announced with the transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import Group

from approvals.lifecycle.parties import PartyKind, read_party
from approvals.lifecycle.route import Route
from approvals.models import ApprovalRequest, Asking, Timer
from approvals.selectors.members import next_handover
from approvals.selectors.roster import roster_at
from approvals.services.outbox import record_event
from receipts.identifiers import new_id

_GROUPS = {PartyKind.GROUP, PartyKind.ROLE}


def ask(request: ApprovalRequest, *, names: Collection[str], step: int, at: datetime) -> int:
    """Asks everybody behind `names` who wasn't asked before, and returns how many that were (APR-37, CHN-28)."""
    roster = roster_at(names, requester=request.requester, at=at, request_id=request.pk)
    asked = set(request.askings.values_list("person_id", flat=True))
    new = {account: name for name, places in reversed(list(roster.places.items())) for account in places.keys() - asked}
    Asking.objects.bulk_create(
        [
            Asking(request=request, person_id=account, step=step, party=name, asked_at=at)
            for account, name in sorted(new.items())
        ]
    )
    request.asked.add(*Group.objects.filter(name__in=_group_names(names)))
    if new and step:
        record_event(topic="approval_asked", reference=request.pk)
    return len(new)


def _group_names(names: Collection[str]) -> list[str]:
    parties = [read_party(name) for name in names]
    return [party.name for party in parties if party.kind in _GROUPS]


def set_timers(request: ApprovalRequest, *, route: Route, at: datetime) -> None:
    """What the clock will have to do for a request that was just opened: one row for each step of its escalation."""
    Timer.objects.bulk_create(
        [
            Timer(id=new_id("tmr"), request=request, step=number, due_at=route.step_at(number, opened_at=at))
            for number in range(1, len(route.escalation) + 1)
        ]
    )
    watch_handover(request, names=[stage.group for stage in route.stages], at=at)


def watch_handover(request: ApprovalRequest, *, names: Collection[str], at: datetime) -> None:
    """Whoever comes on call while the request is open is asked too, when they do."""
    change = next_handover(names, after=at)
    if change is not None and change < request.expires_at:
        Timer.objects.create(id=new_id("tmr"), request=request, step=0, due_at=change)
