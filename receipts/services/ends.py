"""Finding chains whose end is gone: the last receipt of a stream, deleted before the log had it.

No receipt names it, and the log never heard of it. What knows of it is the row that orders the stream. What asks is the
background verifier, slice by slice in the order of the streams' names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from receipts.models import AlarmCode, Chain, LogWatch, Receipt
from receipts.selectors.log import log_size
from receipts.services.alarms import MOST_TOLD, acknowledged_subjects, mark_sound, raise_alarm
from receipts.services.monitoring import CHUNK, slice_length


class _End(NamedTuple):
    """Where a chain ends, by its row."""

    stream: str
    length: int
    head: str


def find_lost_ends() -> int:
    """Raises an alarm for each chain of the next slice that lacks its last receipt; returns how many do.

    After the last chain a new round begins. Of two processes at the same slice, one moves on.
    """
    watch, _ = LogWatch.objects.get_or_create(pk=1)
    reached, left, lost = watch.next_stream, slice_length(log_size()), 0
    while left > 0 and lost < MOST_TOLD:
        wanted = min(left, CHUNK)
        ends = _ends(behind=reached, most=wanted)
        lost += _tell(ends)
        left, reached = (left - wanted, ends[-1].stream) if len(ends) == wanted else (0, "")
    LogWatch.objects.filter(pk=1, next_stream=watch.next_stream).update(next_stream=reached)
    return lost


def _ends(*, behind: str, most: int) -> list[_End]:
    rows = Chain.objects.filter(stream__gt=behind, length__gt=0).order_by("stream")
    return [_End(*row) for row in rows.values_list("stream", "length", "head")[:most]]


def _tell(ends: Sequence[_End]) -> int:
    """How many are lost. What was known to be and is whole again is no longer known to be."""
    lost = _lost(ends)
    for end in lost:
        sentence = f"Stream {end.stream}: Its last receipt, number {end.length}, is gone or is another one."
        found = f"{end.length} {end.head}".encode()
        raise_alarm(AlarmCode.ALTERED, subject=end.stream, sentence=sentence, found=found)
    whole = {end.stream for end in ends} - {end.stream for end in lost}
    for stream in whole & acknowledged_subjects(AlarmCode.ALTERED):
        mark_sound(stream)
    return len(lost)


def _lost(ends: Sequence[_End]) -> list[_End]:
    """Receipts are never deleted: what rows named that were read before is there however long chains grew meanwhile."""
    stored = Receipt.objects.filter(digest__in=[end.head for end in ends])
    known = set(stored.values_list("stream", "position", "digest"))
    return [end for end in ends if end not in known]
