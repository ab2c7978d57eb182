"""Giving copies of checkpoints to places outside. One that doesn't answer delays nothing but its own copies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from receipts.anchors.base import AnchorError, OtherHistoryError, opened
from receipts.clock import database_now
from receipts.models import AlarmCode, CheckpointCopy
from receipts.selectors.log import unpublished_copies
from receipts.services.alarms import raise_alarm
from receipts.services.history import is_own_history

log = structlog.get_logger(__name__)
BATCH = 100
FIRST_PAUSE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 300
# Longer than any place is waited for.
RESERVED_SECONDS = 60
MAX_WHY = 300


def publish_due_copies() -> int:
    """Publishes what is due, in order for each place; returns how many were taken.

    After a failure the place gets nothing more in this turn. A place that somebody waits for is passed over, so that
    one that hangs holds up a single turn. Two processes may still publish the same copy; sinks bear that. Raises
    `log_halted`.
    """
    if not is_own_history():
        return 0
    failed: set[str] = set()
    taken = 0
    for copy in _due(at=database_now()):
        if copy.sink in failed:
            continue
        if _is_reserved(copy) and _publish(copy):
            taken += 1
        else:
            failed.add(copy.sink)
    return taken


def _due(*, at: datetime) -> Sequence[CheckpointCopy]:
    paused = CheckpointCopy.objects.filter(published_at=None, next_attempt_at__gt=at).values("sink")
    return list(unpublished_copies().exclude(sink__in=paused).select_related("checkpoint")[:BATCH])


def _is_reserved(copy: CheckpointCopy) -> bool:
    """Whether nobody else has taken the copy since it was read; until it is done its place is left to this one."""
    free = CheckpointCopy.objects.filter(pk=copy.pk, published_at=None, next_attempt_at=copy.next_attempt_at)
    return free.update(next_attempt_at=database_now() + timedelta(seconds=RESERVED_SECONDS)) == 1


def _publish(copy: CheckpointCopy) -> bool:
    checkpoint = copy.checkpoint
    try:
        sink = opened(copy.sink)
        evidence = sink.publish(checkpoint.note.encode(), tree_size=checkpoint.size, at=checkpoint.signed_at)
    except AnchorError as error:
        if isinstance(error, OtherHistoryError):
            # A place outside has no say over what is decided here: no checkpoint is signed until somebody has looked.
            raise_alarm(AlarmCode.INCONSISTENT, subject=f"copy of checkpoint {checkpoint.pk}", sentence=error.why)
        _postpone(copy, error=error, at=database_now())
        return False
    CheckpointCopy.objects.filter(pk=copy.pk).update(published_at=database_now(), why_not="", evidence=evidence)
    return True


def _postpone(copy: CheckpointCopy, *, error: AnchorError, at: datetime) -> None:
    """The pause doubles with every attempt; later copies for the same place wait for this one."""
    doubled = FIRST_PAUSE_SECONDS * 2 ** min(copy.attempts, 10)
    pause = LONGEST_PAUSE_SECONDS if error.permanent else min(doubled, LONGEST_PAUSE_SECONDS)
    state = "refused" if error.permanent else "retried"
    log.warning("checkpoint_not_copied", sink_kind=copy.sink.partition(":")[0], copy_state=state)
    with transaction.atomic():
        CheckpointCopy.objects.filter(pk=copy.pk).update(attempts=F("attempts") + 1, why_not=error.why[:MAX_WHY])
        CheckpointCopy.objects.filter(sink=copy.sink, published_at=None).update(
            next_attempt_at=at + timedelta(seconds=pause)
        )
