"""What may still be done about the time of a request: by how much it can be extended, and who would be asked next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.lifecycle.route import Route
from approvals.lifecycle.snoozing import offered_minutes
from approvals.models import ApprovalRequest
from approvals.selectors.parties import by_names


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """`minutes` are the lengths that the cap leaves room for, `names` whom the next `step` asks at `due_at`.

    Where it has none `step` is 0.
    """

    minutes: tuple[int, ...] = ()
    step: int = 0
    names: tuple[str, ...] = ()
    due_at: datetime | None = None


def time_left(request: ApprovalRequest) -> TimeLeft:
    """Of a request that is pending."""
    timer = request.timers.filter(done_at__isnull=True, step__gt=0).order_by("step").first()
    return TimeLeft(
        minutes=offered_minutes(request.expires_at, latest=request.closes_at or request.expires_at),
        step=timer.step if timer else 0,
        names=_called(Route.from_dict(request.route).escalation[timer.step - 1].parties) if timer else (),
        due_at=timer.due_at if timer else None,
    )


def _called(parties: Sequence[str]) -> tuple[str, ...]:
    names = by_names(parties)
    return tuple(names.get(party, party) for party in parties)
