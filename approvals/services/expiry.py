"""What the clock has done to requests, written down for many at a time; any number of sweepers may run (FLT-35).

One request at a time costs a dozen statements, and a batch the same dozen for all of its requests. A reader needs none
of it: what has ended by the clock is told as ended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from approvals.lifecycle.states import Event, State
from approvals.lifecycle.transitions import elapsed_events, next_state
from approvals.models import ApprovalRequest
from approvals.selectors.standing import deadlines_of
from approvals.services.outbox import record_events
from approvals.services.requests import CLOCK_WORDS, RESOLVED, conclusion
from approvals.signals import approval_resolved
from receipts.clock import database_now
from receipts.rows import LostRowError
from receipts.services import issue_receipts

# A decision in a session whose approval is being swept waits for the batch, so a batch takes a fraction of a second.
BATCH = 500

# The time that each state is compared with; `elapsed_events` has the last word.
_DUE = {State.PENDING: "expires_at", State.HELD: "release_at", State.APPROVED: "claim_expires_at"}


def expire_due(*, limit: int = BATCH) -> int:
    """Moves requests whose deadline has passed, and returns how many."""
    with transaction.atomic():
        at = database_now()
        due = Q()
        for state, deadline in _DUE.items():
            due |= Q(state=state.value, **{f"{deadline}__lte": at})
        rows = ApprovalRequest.objects.filter(due)
        locked = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
        requests = list(locked.order_by("stream", "id")[:limit])
        _settle_together(requests, at=at)
        return len(requests)


def _settle_together(requests: Sequence[ApprovalRequest], *, at: datetime) -> None:
    """What `settle` does to each, for locked rows; a hold that ended may be followed by a claim that ran out."""
    todo = {request: list(elapsed_events(State(request.state), at=at, **deadlines_of(request))) for request in requests}
    while any(todo.values()):
        moving: dict[tuple[State, Event], list[ApprovalRequest]] = defaultdict(list)
        for request, events in todo.items():
            if events:
                moving[State(request.state), events.pop(0)].append(request)
        for (before, event), rows in moving.items():
            _move_together(rows, before=before, event=event, at=at)
    record_events(topic="approval_moved", references=[request.pk for request in requests])


def _move_together(requests: Sequence[ApprovalRequest], *, before: State, event: Event, at: datetime) -> None:
    """Compare-and-swap of many along one edge of the table, with their receipts."""
    after, resolution = next_state(before, event), CLOCK_WORDS[event]
    assert after in RESOLVED  # The clock ends what it moves; nothing of it goes without a receipt.
    keys = [request.pk for request in requests]
    rows = ApprovalRequest.objects.filter(pk__in=keys, state=before.value)
    if rows.update(state=after.value, resolution=resolution, resolved_at=at) != len(keys):
        raise LostRowError("A request that was locked has moved.")
    _take_over(requests, state=after, resolution=resolution, at=at)
    issue_receipts([conclusion(request, state=after, resolution=resolution) for request in requests], at=at)
    for request in requests:
        approval_resolved.send(sender=ApprovalRequest, approval_id=request.pk, state=after, at=at)


def _take_over(requests: Iterable[ApprovalRequest], *, state: State, resolution: str, at: datetime) -> None:
    for request in requests:
        request.state, request.resolution, request.resolved_at = state.value, resolution, at
