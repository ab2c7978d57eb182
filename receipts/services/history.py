"""Whether this process may go on with this database: it compares it once with what was copied out of it (FLT-28).

Until then it issues no receipt, signs no checkpoint and carries none outside: a folder that is empty because it isn't
mounted would otherwise be filled by the database that it is there to contradict.
"""

from __future__ import annotations

import time

from django.conf import settings

from receipts.problems import ProblemError
from receipts.selectors.outside import first_look

# While places don't answer, not every request waits for them.
_PAUSE_SECONDS = 5.0
_REMEDY = (
    "Mount the folder with the copies (AARM_CHECKPOINT_DIR) or let a place in AARM_ANCHORS answer; "
    "one that was given up is taken out of AARM_ANCHORS."
)


class _Process:
    is_compared = False
    unanswered = ""
    asked_at = 0.0


def is_own_history() -> bool:
    """Whether nothing that was copied out speaks against this database. Raises `log_halted` if nobody can say."""
    if not _Process.is_compared:
        _require_answers_of_late()
        look = first_look(settings.AARM_CHECKPOINT_SINKS)
        _Process.unanswered, _Process.asked_at = " ".join(look.unanswered), time.monotonic()
        _Process.is_compared = look.divergence is None and not look.unanswered
        _require_answers_of_late()
    return _Process.is_compared


def _require_answers_of_late() -> None:
    if _Process.unanswered and time.monotonic() < _Process.asked_at + _PAUSE_SECONDS:
        raise ProblemError(
            "log_halted",
            status=503,
            why=f"The folder of checkpoints has none, and nobody says what was copied out. {_Process.unanswered}",
            fix=_REMEDY,
        )
