"""A request that is asked again while it waits is not asked twice: the one that is there answers for both."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest
from approvals.services.outbox import record_event


def fold_into(request: ApprovalRequest, *, at: datetime) -> bool:
    """Counts one more asking, in the caller's transaction. False where the request has ended meanwhile."""
    waiting = ApprovalRequest.objects.filter(pk=request.pk, version=request.version, expires_at__gt=at)
    if waiting.filter(state=State.PENDING.value).update(repeats=F("repeats") + 1) != 1:
        return False
    record_event(topic="asked_again", reference=request.pk)
    return True
