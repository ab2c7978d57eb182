"""Alarms about the log: each is raised once, said in the process's log, and open until somebody acknowledges it."""

from __future__ import annotations

import structlog

from receipts.clock import database_now
from receipts.models import Alarm, AlarmCode

__all__ = ["HALTING", "MAX_SENTENCE", "AlarmCode", "is_acknowledged", "raise_alarm"]

log = structlog.get_logger(__name__)
# The stored history is not the one that was vouched for outside: what is issued now would fork the log.
HALTING = frozenset({AlarmCode.BEHIND, AlarmCode.DIFFERENT})
MAX_SENTENCE = 500


def raise_alarm(code: AlarmCode, *, subject: str, sentence: str) -> None:
    """Records it, unless the same about the same subject was recorded before."""
    told = {"sentence": sentence[:MAX_SENTENCE], "is_halting": code in HALTING, "raised_at": database_now()}
    _, is_new = Alarm.objects.get_or_create(code=code, subject=subject, defaults=told)
    if is_new:
        log.critical("log_alarm", code=code.value, subject=subject, says=sentence)


def is_acknowledged(code: AlarmCode, *, subject: str) -> bool:
    """Whether somebody has said that they know, so that work may go on."""
    return Alarm.objects.filter(code=code, subject=subject, acknowledged_at__isnull=False).exists()
