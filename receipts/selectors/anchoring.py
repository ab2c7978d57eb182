"""What places outside said of checkpoints, and since when they have one that covers a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from receipts.models import Checkpoint, CheckpointCopy, LogEntry

WITNESS = "witness:"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place outside, by the scheme of its URI, and when it took its first checkpoint that covers the receipt."""

    kind: str
    since: datetime | None


def cosigned_note(checkpoint: Checkpoint) -> str:
    """The note with the lines of its witnesses; verifiers pass over those that they don't know."""
    lines = checkpoint.copies.filter(sink__startswith=WITNESS, evidence__isnull=False).order_by("sink")
    return checkpoint.note + "".join(bytes(copy.evidence or b"").decode() for copy in lines)


def anchors_of(receipt_id: str) -> Sequence[Anchor]:
    """Each place that checkpoints are carried to; None where it has none yet that covers the receipt."""
    leaf = LogEntry.objects.filter(receipt_id=receipt_id).values_list("leaf_index", flat=True).first()
    covering = Checkpoint.objects.filter(size__gt=leaf) if leaf is not None else Checkpoint.objects.none()
    first = covering.order_by("size", "id").values_list("id", flat=True).first()
    return [Anchor(sink.partition(":")[0], _since(sink, first=first)) for sink in settings.AARM_CHECKPOINT_SINKS]


def _since(sink: str, *, first: int | None) -> datetime | None:
    if first is None:
        return None
    copies = CheckpointCopy.objects.filter(sink=sink, checkpoint_id__gte=first, published_at__isnull=False)
    return copies.order_by("checkpoint_id").values_list("published_at", flat=True).first()
