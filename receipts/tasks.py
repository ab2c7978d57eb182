"""Tasks are another entrance to the services: nothing is lost when one doesn't run, and nothing doubled by two."""

from __future__ import annotations

from celery import shared_task

from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.ends import find_lost_ends
from receipts.services.exports import forget_old_exports, write_next_export
from receipts.services.missing import find_missing
from receipts.services.monitoring import verify_slice
from receipts.services.owned import check_copies, check_keys
from receipts.services.publication import publish_due_copies
from receipts.services.recovery import compare_with_outside
from receipts.services.retention import end_due_retention
from receipts.services.sequencing import sequence_waiting
from receipts.services.unrun import end_due_unrun


@shared_task(name="receipts.tasks.keep_log")
def keep_log() -> int:
    """Gives receipts their places, and signs for them when that is due."""
    count = sequence_waiting()
    sign_due_checkpoint()
    return count


@shared_task(name="receipts.tasks.publish_checkpoints")
def publish_checkpoints() -> int:
    """Carries checkpoints outside."""
    return publish_due_copies()


@shared_task(name="receipts.tasks.watch_log")
def watch_log() -> int:
    """Computes the next part of the log again, compares it with the outside, and looks for what was kept out of it."""
    compare_with_outside()
    check_copies()
    check_keys()
    find_missing()
    find_lost_ends()
    return verify_slice()


@shared_task(name="receipts.tasks.write_exports")
def write_exports() -> bool:
    """Writes the next export that somebody waits for."""
    return write_next_export()


@shared_task(name="receipts.tasks.forget_exports")
def forget_exports() -> int:
    """Removes files that have been fetched, or not, for long enough."""
    return forget_old_exports()


@shared_task(name="receipts.tasks.end_retention")
def end_retention() -> bool:
    """Destroys the values whose months are over, if they are to end by themselves; sooner what never ran."""
    ended = [end_due_retention(), end_due_unrun()]
    return any(ended)
