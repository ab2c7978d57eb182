"""The log as a file that the offline verifier reads (docs/receipt-format.md, "Log file"), line by line."""

from __future__ import annotations

from collections.abc import Iterator

from receipts.exporters.jsonl import jsonl_line
from receipts.models import Checkpoint, LogEntry
from receipts.selectors.anchoring import cosigned_note
from receipts.selectors.log import frontier_at
from receipts.signing.canonical import canonical_bytes
from receipts.signing.logfile import FORMAT
from receipts.signing.proofs import digest_text


def log_head(checkpoint: Checkpoint, *, start: int = 0) -> bytes:
    """The first line of a file that begins with the leaf `start`."""
    before = [digest_text(item) for item in frontier_at(start).hashes]
    return (
        canonical_bytes({"format": FORMAT, "checkpoint": cosigned_note(checkpoint), "start": start, "before": before})
        + b"\n"
    )


def log_lines(checkpoint: Checkpoint, *, start: int = 0) -> Iterator[bytes]:
    """The whole file, from the leaf `start` up to what the checkpoint covers."""
    yield log_head(checkpoint, start=start)
    rows = LogEntry.objects.filter(pk__gte=start, pk__lt=checkpoint.size).select_related("receipt").order_by("pk")
    for row in rows.iterator(chunk_size=1000):
        yield jsonl_line(row.receipt)
