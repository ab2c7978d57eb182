"""Giving copies of checkpoints to places outside. One that doesn't answer delays nothing but its own copies."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from receipts.anchors.base import AnchorError, opened
from receipts.clock import database_now
from receipts.models import CheckpointCopy
from receipts.selectors.log import unpublished_copies

log = structlog.get_logger(__name__)
BATCH = 100
FIRST_PAUSE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 300
MAX_WHY = 300


def publish_due_copies() -> int:
    """Publishes what is due, in order for each place; returns how many were taken.

    After a failure the place gets nothing more in this turn. Two processes may publish the same copy; sinks bear that.
    """
    at = database_now()
    due = list(unpublished_copies().filter(next_attempt_at__lte=at).select_related("checkpoint")[:BATCH])
    failed: set[str] = set()
    taken = 0
    for copy in due:
        if copy.sink in failed:
            continue
        if _publish(copy, at=at):
            taken += 1
        else:
            failed.add(copy.sink)
    return taken


def _publish(copy: CheckpointCopy, *, at: datetime) -> bool:
    checkpoint = copy.checkpoint
    try:
        sink = opened(copy.sink)
        evidence = sink.publish(checkpoint.note.encode(), tree_size=checkpoint.size, at=checkpoint.signed_at)
    except AnchorError as error:
        _postpone(copy, error=error, at=at)
        return False
    CheckpointCopy.objects.filter(pk=copy.pk).update(published_at=database_now(), why_not="", evidence=evidence)
    return True


def _postpone(copy: CheckpointCopy, *, error: AnchorError, at: datetime) -> None:
    """The pause doubles with every attempt; later copies for the same place wait for this one."""
    doubled = FIRST_PAUSE_SECONDS * 2 ** min(copy.attempts, 10)
    pause = LONGEST_PAUSE_SECONDS if error.permanent else min(doubled, LONGEST_PAUSE_SECONDS)
    log.warning("checkpoint_not_copied", sink=copy.sink.partition(":")[0], why=error.why, is_permanent=error.permanent)
    with transaction.atomic():
        CheckpointCopy.objects.filter(pk=copy.pk).update(attempts=F("attempts") + 1, why_not=error.why[:MAX_WHY])
        CheckpointCopy.objects.filter(sink=copy.sink, published_at=None).update(
            next_attempt_at=at + timedelta(seconds=pause)
        )
