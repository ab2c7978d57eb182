"""What places outside said of checkpoints, and since when they have one that covers a receipt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from receipts.models import Checkpoint, CheckpointCopy, LogEntry
from receipts.problems import ProblemError
from receipts.selectors.log import inclusion_proof
from receipts.signing.proofs import InclusionProof

WITNESS = "witness:"
TIMESTAMP = "rfc3161:"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place outside, by the scheme of its URI, and when it took its first checkpoint that covers the receipt."""

    kind: str
    since: datetime | None


def cosigned_note(checkpoint: Checkpoint) -> str:
    """The note with the lines of its witnesses; verifiers pass over those that they don't know."""
    lines = checkpoint.copies.filter(sink__startswith=WITNESS, evidence__isnull=False).order_by("sink")
    return checkpoint.note + "".join(bytes(copy.evidence or b"").decode() for copy in lines)


def stamps_of(checkpoints: Collection[Checkpoint]) -> dict[int, list[bytes]]:
    """The time stamps of each checkpoint by its id, DER of TimeStampResp; of its `note`, without witnesses' lines.

    Those that have none are not in it.
    """
    found: defaultdict[int, list[bytes]] = defaultdict(list)
    stamped = CheckpointCopy.objects.filter(sink__startswith=TIMESTAMP, evidence__isnull=False)
    for copy in stamped.filter(checkpoint__in=[item.pk for item in checkpoints]).order_by("sink"):
        found[copy.checkpoint_id].append(bytes(copy.evidence or b""))
    return dict(found)


def stamped_proof_of(receipt_id: str) -> tuple[InclusionProof, Checkpoint]:
    """A receipt's proof in the first checkpoint that covers it and has a time stamp. Raises `not_stamped`."""
    leaf = LogEntry.objects.filter(receipt_id=receipt_id).values_list("leaf_index", flat=True).first()
    checkpoint = None if leaf is None else _first_stamped(leaf)
    if leaf is None or checkpoint is None:
        raise ProblemError(
            "not_stamped",
            status=409,
            why="No time-stamping authority has seen a checkpoint that covers this receipt.",
            fix="Where one is configured, ask again in a minute; otherwise an operator can name one in AARM_ANCHORS.",
        )
    return inclusion_proof(leaf, size=checkpoint.size), checkpoint


def _first_stamped(leaf_index: int) -> Checkpoint | None:
    stamped = CheckpointCopy.objects.filter(sink__startswith=TIMESTAMP, evidence__isnull=False)
    covering = stamped.filter(checkpoint__size__gt=leaf_index).order_by("checkpoint__size", "checkpoint_id")
    copy = covering.select_related("checkpoint").first()
    return copy.checkpoint if copy else None


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
