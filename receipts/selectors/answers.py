"""Asking places outside for their newest copy, all at once and with an end to it: one that hangs holds up nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from receipts.anchors.base import AnchorError, ReadableSink, opened

# Below the ten seconds between two looks of the background verifier, so that they don't overlap.
ANSWER_SECONDS = 8.0
_LATE = "A place outside ({}) doesn't say in time what it has."


@dataclass(frozen=True, slots=True)
class Answer:
    """The newest note of a place, None where it has or tells none; `why` it could not be asked, empty if it could.

    `is_told` says that it was asked, and that None means that it has none.
    """

    note: bytes | None
    why: str
    is_told: bool = False


class _Question(threading.Thread):
    """Asks one place. The thread touches no database and may be left behind."""

    def __init__(self, uri: str) -> None:
        super().__init__(name="outside", daemon=True)
        self.uri = uri
        self.answer = Answer(None, _LATE.format(uri.partition(":")[0]))

    def run(self) -> None:
        try:
            sink = opened(self.uri)
            is_readable = isinstance(sink, ReadableSink)
            self.answer = Answer(sink.newest() if isinstance(sink, ReadableSink) else None, "", is_told=is_readable)
        except AnchorError as error:
            self.answer = Answer(None, error.why)


class _Process:
    """A place gets its next question when it has answered the last, so that one that hangs costs one thread."""

    questions: dict[str, _Question] = {}
    lock = threading.Lock()


def answers(sinks: Sequence[str]) -> list[Answer]:
    """What each place answers within `ANSWER_SECONDS`, in the order of `sinks`."""
    until = time.monotonic() + ANSWER_SECONDS
    asked = [_asked(uri) for uri in sinks]
    for question in asked:
        question.join(max(0.0, until - time.monotonic()))
    return [question.answer for question in asked]


def _asked(uri: str) -> _Question:
    with _Process.lock:
        question = _Process.questions.get(uri)
        if question is None or not question.is_alive():
            question = _Process.questions[uri] = _Question(uri)
            question.start()
        return question
