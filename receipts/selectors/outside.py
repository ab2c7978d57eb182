"""Comparing the database with what was copied out of it: after a restore it may lack what is known outside.

A receipt that was issued then would take the place of one that somebody already has, and the log would have forked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from receipts.models import Alarm, AlarmCode
from receipts.models import Checkpoint as Stored
from receipts.selectors.acknowledgements import receipted
from receipts.selectors.answers import Answer, answers
from receipts.selectors.keys import published_keys, verify_own_checkpoint
from receipts.selectors.log import MissingNodeError, log_origin, log_size, root_at
from receipts.signing.canonical import sha256_digest
from receipts.signing.checkpoint import Checkpoint, read_checkpoint
from receipts.signing.errors import SigningError


@dataclass(frozen=True, slots=True)
class Divergence:
    """What is wrong. `subject` is the digest of the note outside, `checkpoint` what it says if it could be verified."""

    code: AlarmCode
    subject: str
    sentence: str
    checkpoint: Checkpoint | None


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What a process finds before its first receipt; `unanswered` says why places can't be asked that it needs."""

    divergence: Divergence | None
    unanswered: Sequence[str]


def first_look(sinks: Sequence[str]) -> FirstLook:
    """The first of `sinks` is the folder. Where that knows a checkpoint it is enough, and no place has to be reached.

    An empty folder may be a new installation's, or one that isn't mounted, so all other places are asked then. Where
    nobody knows a checkpoint although the database has signed some, those that don't answer are needed.
    """
    found = answers(sinks[:1])
    if not any(answer.note for answer in found):
        found = [*found, *answers(sinks[1:])]
    is_needed = not any(answer.note for answer in found) and Stored.objects.exists()
    return FirstLook(_first_divergence(found), [answer.why for answer in found if answer.why and is_needed])


def divergence(sinks: Sequence[str]) -> Divergence | None:
    """The first place whose newest copy the database can't account for; None where all agree or can't be read now."""
    return _first_divergence(answers(sinks))


def unreadable(sinks: Sequence[str]) -> list[str]:
    """Why places can't be asked for their newest copy, a sentence each."""
    return [answer.why for answer in answers(sinks) if answer.why]


def _first_divergence(found: Sequence[Answer]) -> Divergence | None:
    compared = (_compared(answer.note) for answer in found if answer.note is not None)
    return next((found for found in compared if found is not None and not _is_acknowledged(found)), None)


def _compared(note: bytes) -> Divergence | None:
    subject = sha256_digest(note)
    try:
        said = verify_own_checkpoint(note.decode("utf-8", "replace"), rows=published_keys())
    except SigningError as error:
        why = f"The newest copy outside can't be verified with the keys of this database. {error.why}"
        return Divergence(AlarmCode.DIFFERENT, subject, why, None)
    if said.origin != log_origin():
        return Divergence(AlarmCode.DIFFERENT, subject, "The newest copy outside is one of another log.", said)
    size = log_size()
    if said.size > size:
        why = f"A checkpoint of {said.size} receipts was copied out, and the log of this database has {size}."
        return Divergence(AlarmCode.BEHIND, subject, why, said)
    return None if _has(said) else Divergence(AlarmCode.DIFFERENT, subject, _OTHER_HISTORY.format(said.size), said)


def size_of_note(note: bytes) -> int:
    """The size that a copy states, whoever signed it; 0 where it is none."""
    try:
        return read_checkpoint(note.decode("utf-8", "replace")).size
    except SigningError:
        return 0


_OTHER_HISTORY = "The first {} receipts of this database are not those of the checkpoint that was copied out."


def _has(said: Checkpoint) -> bool:
    try:
        return root_at(said.size) == said.root
    except MissingNodeError:
        return False


# What is being acknowledged at this moment: its receipt says so, and can't be there before it is issued.
_NOW_KNOWN: ContextVar[frozenset[str]] = ContextVar("now_known", default=frozenset())


@contextmanager
def now_known(subjects: frozenset[str]) -> Iterator[None]:
    """Lets the receipt of an acknowledgement be issued in spite of these divergences, which it is about."""
    token = _NOW_KNOWN.set(subjects)
    try:
        yield
    finally:
        _NOW_KNOWN.reset(token)


def _is_acknowledged(found: Divergence) -> bool:
    if found.subject in _NOW_KNOWN.get():
        return True
    # Whoever acknowledged that the database is behind a copy knows that it becomes another history as it goes on.
    alarms = Alarm.objects.filter(subject=found.subject, is_halting=True, acknowledged_at__isnull=False)
    return bool(receipted(alarms))
