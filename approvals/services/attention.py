"""Whether people had the action in view when they answered: what votes say of it, and what is noted for that."""

from __future__ import annotations

from enum import StrEnum

import structlog

from approvals.models import ApprovalRequest, AttentionMiss, User
from receipts.clock import database_now

log = structlog.get_logger(__name__)


class Attention(StrEnum):
    """What a vote's receipt says of the attention step; nothing where there was none."""

    PASSED = "passed"
    MISSED = "attention_miss"


def note_miss(*, approval_id: str, person: User) -> None:
    """Outside of the vote's transaction, which came to nothing: that somebody took it for another action is a fact."""
    AttentionMiss.objects.create(request_id=approval_id, person=person, missed_at=database_now())
    log.warning("attention_miss", approval_id=approval_id, person_id=person.person_id)


def attention_of(request: ApprovalRequest, *, person: User, has_confirmed: bool) -> Attention | None:
    """What the vote says: whether the target was confirmed, and whether another one was named before."""
    if AttentionMiss.objects.filter(request=request, person=person).exists():
        return Attention.MISSED
    return Attention.PASSED if has_confirmed else None
