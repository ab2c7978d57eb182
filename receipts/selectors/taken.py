"""Whether places outside have the copies that the database says they took. The place is asked, not the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from receipts.clock import database_now
from receipts.models import Checkpoint
from receipts.selectors.answers import answers
from receipts.selectors.outside import size_of_note

# A place may answer with what it had when it was asked, a moment before the last copy came.
SETTLED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MissingCopy:
    """A place that lacks what it is said to have: the size that it should have, and that of its newest."""

    sink: str
    claimed: int
    there: int


def missing_copies(sinks: Sequence[str]) -> list[MissingCopy]:
    """Of the places that can be asked and answer. A time stamp or a cosignature is kept, and verified, instead."""
    claimed = {sink: _claimed(sink) for sink in sinks}
    found = []
    for sink, answer in zip(sinks, answers(sinks), strict=True):
        there = size_of_note(answer.note) if answer.note is not None else 0
        if answer.is_told and there < claimed[sink]:
            found.append(MissingCopy(sink, claimed[sink], there))
    return found


def _claimed(sink: str) -> int:
    """By the checkpoint's own time: it is signed, and the background verifier holds the column against the note."""
    rows = Checkpoint.objects.filter(signed_at__lt=database_now() - SETTLED)
    taken = rows.filter(copies__sink=sink, copies__published_at__isnull=False)
    return taken.order_by("-size").values_list("size", flat=True).first() or 0
