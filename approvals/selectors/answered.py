"""How people have answered in one stream of receipts."""

from __future__ import annotations

from datetime import datetime

from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest

# What was approved and then not used, or taken back, says nothing about what people thought of it.
ANSWERED = (State.DENIED.value, State.APPROVED.value, State.CLAIMED.value)


def answers_in(stream: str, *, since: datetime | None) -> list[str]:
    """The states of what people answered there after `since`, the newest first."""
    # What a grant has answered nobody has looked at.
    rows = ApprovalRequest.objects.filter(stream=stream, state__in=ANSWERED, grant=None)
    rows = rows.filter(resolved_at__gt=since) if since else rows
    return list(rows.order_by("-resolved_at", "-id").values_list("state", flat=True))


def streams_denied_since(since: datetime) -> list[str]:
    """Where people have said no."""
    rows = ApprovalRequest.objects.filter(state=State.DENIED.value, resolved_at__gt=since)
    return list(rows.order_by("stream").values_list("stream", flat=True).distinct())
