"""Asking people: who is asked is written down once for each of them, and announced with the transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import Group

from approvals.lifecycle.directory import Directory
from approvals.lifecycle.parties import PartyKind, read_party
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, Asking, Timer
from approvals.selectors.directory import directory_of
from approvals.selectors.roster import roster_in
from approvals.services.outbox import record_event
from receipts.identifiers import new_id

_GROUPS = {PartyKind.GROUP, PartyKind.ROLE}


def ask(request: ApprovalRequest, *, names: Collection[str], step: int, at: datetime) -> Directory:
    """Asks everybody behind `names` who wasn't asked before (APR-37, CHN-28); returns who there is until it expires.

    Those who are asked with the opening are told of it by that; whoever comes later, by an event of their own.
    """
    directory = directory_of(names, requester=request.requester, since=at, until=max(at, request.expires_at))
    roster = roster_in(directory, names=names, at=at, request_id=request.pk)
    asked = set(request.askings.values_list("person_id", flat=True))
    new = {account: name for name, places in reversed(list(roster.places.items())) for account in places.keys() - asked}
    Asking.objects.bulk_create(
        [
            Asking(request=request, person_id=account, step=step, party=name, asked_at=at)
            for account, name in sorted(new.items())
        ]
    )
    request.asked.add(*Group.objects.filter(name__in=_group_names(names)))
    if new and asked:
        record_event(topic="approval_asked", reference=request.pk)
    return directory


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


def watch(request: ApprovalRequest, *, names: Collection[str], directory: Directory, at: datetime) -> None:
    """Whoever comes on call, or begins to stand in, while the request is open is asked too, when they do."""
    changes = directory.changes(names, after=at, until=request.expires_at)
    if changes:
        Timer.objects.create(id=new_id("tmr"), request=request, step=0, due_at=changes[0])


def watch_from(at: datetime) -> None:
    """Lets every open request be looked at by the next sweeper: who stands behind the names may be somebody else."""
    waiting = ApprovalRequest.objects.filter(state=State.PENDING.value, expires_at__gt=at)
    # In the order in which sweepers lock them.
    ids = waiting.order_by("stream", "id").values_list("pk", flat=True)
    Timer.objects.bulk_create([Timer(id=new_id("tmr"), request_id=pk, step=0, due_at=at) for pk in ids])
