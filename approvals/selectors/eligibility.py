"""Whether somebody may vote on a request now, as what, and in whose place."""

from __future__ import annotations

from datetime import datetime

from approvals.lifecycle.route import Route
from approvals.models import ApprovalRequest, User
from approvals.selectors.roster import Eligibility, Roster, roster_at


def active_parties(request: ApprovalRequest, *, at: datetime) -> tuple[str, ...]:
    """The names that are asked by `at`: those of the stages, and of the steps of the escalation that are due."""
    route = Route.from_dict(request.route)
    steps = set(request.timers.filter(due_at__lte=at).values_list("step", flat=True)) if route.escalation else set()
    escalated = [name for number, step in enumerate(route.escalation, 1) if number in steps for name in step.parties]
    return tuple(dict.fromkeys([*(stage.group for stage in route.stages), *escalated]))


def roster_of(request: ApprovalRequest, *, at: datetime) -> Roster:
    """Everybody who may vote on the request at `at`."""
    names = active_parties(request, at=at)
    return roster_at(names, requester=request.requester, at=at, request_id=request.pk)


def eligibility_of(person: User, *, request: ApprovalRequest, at: datetime) -> Eligibility | None:
    """As what this account may vote; None where it may not."""
    return roster_of(request, at=at).eligibility(person.pk)
