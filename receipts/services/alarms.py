"""Alarms about the log: each is said in the process's log, and open until somebody acknowledges it.

An acknowledgement holds for what was found then. Another fault of the same subject, or the same one after the subject
was sound in between, is a new alarm; one that is known and stays as it is stays silent.
"""

from __future__ import annotations

import structlog
from django.db.models import QuerySet

from receipts.clock import database_now
from receipts.models import Alarm, AlarmCode
from receipts.selectors.acknowledgements import receipted
from receipts.selectors.stored import fingerprint_of
from receipts.signing.canonical import sha256_digest

__all__ = [
    "HALTING",
    "MAX_SENTENCE",
    "MOST_TOLD",
    "AlarmCode",
    "acknowledged_subjects",
    "is_acknowledged",
    "mark_sound",
    "raise_alarm",
]

log = structlog.get_logger(__name__)
# The stored history is not the one that was vouched for outside: what is issued now would fork the log.
HALTING = frozenset({AlarmCode.BEHIND, AlarmCode.DIFFERENT})
MAX_SENTENCE = 500
# So many alarms take about a second. A slice that has more ends there, and the next one goes on behind it.
MOST_TOLD = 200


def raise_alarm(code: AlarmCode, *, subject: str, sentence: str, found: bytes = b"") -> None:
    """Records it, unless it is open or was acknowledged as it is.

    `found` is what there is in place of what should be, where the subject alone doesn't say. Of an altered receipt it
    is the stored row, unless it is given.
    """
    seen, last = _seen(code, subject=subject, found=found), _last(code, subject=subject)
    if last is not None and (last.acknowledged_at is None or _holds(last, seen=seen)):
        return
    told = {"sentence": sentence[:MAX_SENTENCE], "is_halting": code in HALTING, "raised_at": database_now()}
    _, is_new = Alarm.objects.get_or_create(
        code=code, subject=subject, acknowledged_at=None, defaults={"found": seen, **told}
    )
    if is_new:
        log.critical("log_alarm", code=code.value, subject_id=subject)


def is_acknowledged(code: AlarmCode, *, subject: str) -> bool:
    """Whether somebody has said that they know the subject as it is now, so that work may go on."""
    last = _last(code, subject=subject)
    return last is not None and _holds(last, seen=_seen(code, subject=subject, found=b""))


def acknowledged_subjects(*codes: AlarmCode) -> frozenset[str]:
    """The subjects that somebody knows to be wrong and nobody has seen sound since."""
    return frozenset(alarm.subject for alarm in receipted(_standing().filter(code__in=codes)))


def mark_sound(subject: str) -> None:
    """Ends what was acknowledged about a subject in which nothing is wrong any more."""
    _standing().filter(subject=subject).update(sound_at=database_now())


def _standing() -> QuerySet[Alarm]:
    return Alarm.objects.filter(acknowledged_at__isnull=False, sound_at=None)


def _last(code: AlarmCode, *, subject: str) -> Alarm | None:
    return Alarm.objects.filter(code=code, subject=subject).order_by("-id").first()


def _holds(alarm: Alarm, *, seen: str) -> bool:
    is_standing = alarm.acknowledged_at is not None and alarm.sound_at is None
    return is_standing and alarm.found == seen and bool(receipted([alarm]))


def _seen(code: AlarmCode, *, subject: str, found: bytes) -> str:
    """What was found, short enough to be kept."""
    if code == AlarmCode.ALTERED and not found:
        return fingerprint_of(subject)
    return sha256_digest(found) if found else ""
