"""What is due for pending requests: steps of escalations, and who has come on call. Any number of sweepers may run.

A timer is done under the lock of its request, so that whoever comes second finds it done. A sweeper skips what another
one has locked; what nobody did is still there at the next look (FLT-16, FLT-17).
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, Timer
from approvals.selectors.eligibility import active_parties
from approvals.services.asking import ask, watch
from approvals.services.requests import settle
from receipts.clock import database_now

BATCH = 100


def run_due_timers(*, limit: int = BATCH) -> int:
    """Does what is due and returns for how many requests."""
    with transaction.atomic():
        at = database_now()
        due = Timer.objects.filter(done_at__isnull=True, due_at__lte=at)
        # During a hold nobody else is asked; if it is undone the timer is still due.
        rows = ApprovalRequest.objects.filter(pk__in=due.values("request_id")).exclude(state=State.HELD.value)
        locked = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
        requests = list(locked.order_by("stream", "id")[:limit])
        for request in requests:
            _run(request, at=at)
        return len(requests)


def _run(request: ApprovalRequest, *, at: datetime) -> None:
    is_pending = settle(request, at=at) is State.PENDING
    route = Route.from_dict(request.route)
    due = request.timers.filter(done_at__isnull=True, due_at__lte=at).order_by("due_at", "step")
    steps: dict[int, None] = {}
    for timer in due:
        if Timer.objects.filter(pk=timer.pk, done_at__isnull=True).update(done_at=at):
            steps[timer.step] = None
    # However many rows say that somebody may have come, one look finds them.
    for step in steps if is_pending else ():
        run_step(request, route=route, step=step, at=at)


def run_step(request: ApprovalRequest, *, route: Route, step: int, at: datetime) -> None:
    """Asks the people of a step that is due; with step 0, whoever is behind the names that are asked already."""
    names = route.escalation[step - 1].parties if step else active_parties(request, at=at)
    directory = ask(request, names=names, step=step, at=at)
    watch(request, names=names, directory=directory, at=at)
