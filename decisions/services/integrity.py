"""What follows from a session whose record was altered: nothing in it is permitted any more, and an alarm (CTX-07)."""

from __future__ import annotations

from django.db import connection

from decisions.models import Session
from decisions.selectors.integrity import fault_in
from decisions.selectors.pauses import PauseOf
from decisions.services.state import EMPTY_STATE
from receipts.clock import DatabaseNow
from receipts.problems import ProblemError
from receipts.services.alarms import AlarmCode, raise_alarm

PARTIES = ("request", "human", "agent", "host")


def lock_session(session_id: str, *, skip_locked: bool = False) -> Session | None:
    """The session's row, locked and looked at, with its parties and the pause that it stands under.

    None where there is none, or somebody else has it.
    """
    skip = skip_locked and connection.features.has_select_for_update_skip_locked
    rows = Session.objects.select_for_update(of=("self",), skip_locked=skip).select_related(*PARTIES)
    session = rows.filter(pk=session_id).annotate(standing_pause=PauseOf("pk")).first()
    if session is not None:
        session.pause = session.standing_pause
        fault_of(session)
    return session


def fault_of(session: Session) -> str:
    """What is wrong with a locked session, in a sentence; empty where nothing is. Looks once.

    What was altered is not read: a session with a fault has an empty state from here on.
    """
    if session.fault is None:
        session.fault = fault_in(session)
        if session.fault:
            mark_broken(session, why=session.fault)
            session.state = EMPTY_STATE
    return session.fault


def mark_broken(session: Session, *, why: str) -> None:
    """Ends what the session may do, for good, and raises the alarm."""
    Session.objects.filter(pk=session.pk, broken_at__isnull=True).update(broken_at=DatabaseNow())
    raise_alarm(AlarmCode.CONTEXT, subject=session.pk, sentence=f"Session {session.pk}: {why}")


def require_intact(session: Session) -> None:
    """Raises `context_integrity` for a session in which nothing may happen any more."""
    if fault_of(session):
        raise ProblemError(
            "context_integrity",
            status=409,
            why="The record of this session was altered, so nothing is permitted in it.",
            fix="Open a new session, and tell whoever runs this installation.",
        )
