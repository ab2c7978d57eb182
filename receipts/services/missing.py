"""Finding receipts that were kept out of the log: neither in it nor waiting for their place.

Nothing that the log is made of shows them, since it never heard of them. What asks is the background verifier: of late
each time, and of all, slice by slice in the order of their ids. No column of a row says when that one is looked at.
"""

from __future__ import annotations

from receipts.models import AlarmCode, Checkpoint, LogWatch, Receipt
from receipts.selectors.log import log_size
from receipts.selectors.unplaced import unplaced
from receipts.services.alarms import MOST_TOLD, raise_alarm
from receipts.services.monitoring import slice_length

# As many intervals as five minutes have by default. While nothing is signed for, the time that is looked at grows.
CHECKPOINTS_BACK = 30


def find_missing() -> int:
    """Raises an alarm for each receipt of late, and of the next slice, that has no place; returns how many it saw."""
    found = {*_of_late(), *_of_next_slice()}
    for receipt_id in sorted(found):
        sentence = f"Receipt {receipt_id}: It was kept out of the log."
        raise_alarm(AlarmCode.ALTERED, subject=receipt_id, sentence=sentence)
    return len(found)


def _of_late() -> list[str]:
    """By a column, which can be altered: no more than what is usually seen sooner than in its slice."""
    signed = Checkpoint.objects.order_by("-id").values_list("signed_at", flat=True)
    since = signed[CHECKPOINTS_BACK : CHECKPOINTS_BACK + 1].first()
    late = unplaced().filter(issued_at__gte=since) if since else Receipt.objects.none()
    return list(late.order_by("issued_at", "pk").values_list("pk", flat=True)[:MOST_TOLD])


def _of_next_slice() -> list[str]:
    """After the last receipt a new round begins. Of two processes at the same slice, one moves on."""
    watch, _ = LogWatch.objects.get_or_create(pk=1)
    after, count = watch.next_receipt, slice_length(log_size())
    ids = Receipt.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    upto = ids[count - 1 : count].first() or ""
    found = list(unplaced(after=after, upto=upto).order_by("pk").values_list("pk", flat=True)[:MOST_TOLD])
    reached = found[-1] if len(found) == MOST_TOLD else upto
    LogWatch.objects.filter(pk=1, next_receipt=after).update(next_receipt=reached)
    return found
