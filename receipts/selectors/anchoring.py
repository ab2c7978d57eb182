"""What places outside said of checkpoints."""

from __future__ import annotations

from receipts.models import Checkpoint

WITNESS = "witness:"


def cosigned_note(checkpoint: Checkpoint) -> str:
    """The note with the lines of its witnesses; verifiers pass over those that they don't know."""
    lines = checkpoint.copies.filter(sink__startswith=WITNESS, evidence__isnull=False).order_by("sink")
    return checkpoint.note + "".join(bytes(copy.evidence or b"").decode() for copy in lines)
