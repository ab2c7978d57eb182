"""Finding receipts that were kept out of the log: neither in it nor waiting for their place.

Nothing that the log is made of shows them, since it never heard of them. What asks is the background verifier.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from receipts.models import AlarmCode, Checkpoint, Receipt, Unsequenced
from receipts.services.alarms import raise_alarm

# As many intervals as five minutes have by default. While nothing is signed for, the time that is looked at grows.
CHECKPOINTS_BACK = 30
MOST_TOLD = 20


def find_missing() -> int:
    """Raises an alarm for each receipt of late that has no place and waits for none; returns how many there are.

    One statement: what moves from the queue into the log meanwhile is seen in one of them.
    """
    waiting = Unsequenced.objects.filter(receipt_id=OuterRef("pk"))
    rows = Receipt.objects.filter(~Exists(waiting), entry__isnull=True)
    since = _looked_at_since()
    found = list((rows.filter(issued_at__gte=since) if since else rows).values_list("pk", flat=True)[:MOST_TOLD])
    for receipt_id in found:
        sentence = f"Receipt {receipt_id}: It was kept out of the log."
        raise_alarm(AlarmCode.ALTERED, subject=receipt_id, sentence=sentence)
    return len(found)


def _looked_at_since() -> datetime | None:
    """All of a short log is looked at."""
    signed = Checkpoint.objects.order_by("-id").values_list("signed_at", flat=True)
    return signed[CHECKPOINTS_BACK : CHECKPOINTS_BACK + 1].first()
