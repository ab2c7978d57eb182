"""What a session was asked for, opened and made ready to be compared once in a few seconds and not for every action.

The row of the request is read with each decision, and so is the key that opens it looked up: what was erased, altered
or lost its key is not answered from memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from decisions.engine.distance import Passages, passages_of
from decisions.models import Session
from receipts.selectors import is_openable, opened_values
from receipts.short_memory import ShortMemory


@dataclass(frozen=True, slots=True)
class Wording:
    """The text of a request, None where it was erased, and the same as distances are taken from it."""

    text: str | None = None
    passages: Passages = ()


_KEPT: ShortMemory[tuple[bytes, Wording]] = ShortMemory(seconds=5.0, most=1024)


def wording_of(session: Session) -> Wording:
    """Of the request as its row was just read. Raises SealingError where it was altered."""
    request = session.request
    if request.content is None or not is_openable(request):
        return Wording()
    content, kept = bytes(request.content), _KEPT.get(request.pk)
    if kept is not None and kept[0] == content:
        return kept[1]
    read_at, found = monotonic(), _read(session)
    _KEPT.put(request.pk, (content, found), read_at=read_at)
    return found


def _read(session: Session) -> Wording:
    text = opened_values(session.request).get("text")
    return Wording(text, passages_of(text)) if isinstance(text, str) else Wording()
