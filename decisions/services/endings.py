"""The end of a session: no action is accepted after it, and what its context came to is sealed in a receipt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from approvals.lifecycle.states import NON_TERMINAL
from decisions.models import Decision, Deferral, Session
from decisions.models.deferrals import PENDING
from decisions.services.context import append_entry
from decisions.services.integrity import lock_session
from decisions.services.parties import identity_section
from decisions.services.sessions import session_of
from decisions.services.state import whole
from receipts.access import Caller
from receipts.clock import DatabaseNow, database_now
from receipts.services import issue_receipt
from receipts.signing.canonical import digest
from receipts.signing.statement import ReceiptType

IDLE, PARENT, ERASURE = "idle", "parent", "erasure"
BATCH = 100
_UNDECIDED = [state.value for state in NON_TERMINAL]


def end_session(*, caller: Caller, session_id: str) -> Session:
    """Ends a session of this caller. Ending twice is one end."""
    named = session_of(caller=caller, session_id=session_id)
    with transaction.atomic():
        session = lock_session(named.pk)
        assert session is not None
        if session.ended_at is None:
            _end(session, by=caller.kind.value, credential_id=caller.key_id, at=database_now())
    return session


def end_idle_sessions() -> int:
    """Ends sessions in which nothing has happened for long; returns how many.

    Those in which something still waits go on, and those that handed on what isn't finished.
    """
    count = 0
    for session_id in _idle():
        with transaction.atomic():
            session = lock_session(session_id, skip_locked=True)
            at = database_now()
            if session is not None and session.ended_at is None and _has_been_idle(session, at=at):
                _end(session, by=IDLE, credential_id="", at=at)
                count += 1
    return count


def end_with_its_person(session: Session, *, at: datetime) -> None:
    """Ends a locked session whose person is erased: what it would go on to collect nobody could tell as theirs."""
    if session.ended_at is None:
        _end(session, by=ERASURE, credential_id="", at=at)


def _allowed() -> timedelta:
    return timedelta(seconds=settings.AARM_SESSION_IDLE_SECONDS)


def _has_been_idle(session: Session, *, at: datetime) -> bool:
    return (session.active_at or session.opened_at) <= at - _allowed()


def _idle() -> Iterable[str]:
    since = DatabaseNow() - _allowed()
    waiting = Deferral.objects.filter(session=OuterRef("pk"), state=PENDING)
    asked = Decision.objects.filter(
        Q(approval__state__in=_UNDECIDED) | Q(deferral__approval__state__in=_UNDECIDED), session=OuterRef("pk")
    )
    handed_on = Session.objects.filter(parent=OuterRef("pk"), ended_at=None)
    # The first condition is implied by the second, and has an index.
    rows = Session.objects.filter(ended_at=None, opened_at__lte=since)
    rows = rows.annotate(last=Coalesce("active_at", "opened_at")).filter(last__lte=since)
    rows = rows.filter(~Exists(waiting), ~Exists(asked), ~Exists(handed_on))
    return rows.order_by("opened_at").values_list("pk", flat=True)[:BATCH]


def _end(session: Session, *, by: str, credential_id: str, at: datetime) -> None:
    """The last entry, and the receipt that seals the context: the end of the chain, and what it came to."""
    session.ended_at, session.ended_by = at, by
    append_entry(session, kind="end", body={"by": by}, at=at)
    if session.fault:
        # A broken record is left as it is, but for this.
        Session.objects.filter(pk=session.pk).update(ended_at=at, ended_by=by)
    _receipt(session, credential_id=credential_id, at=at)
    if session.children:
        _end_children(session, at=at)


def _end_children(parent: Session, *, at: datetime) -> None:
    """Who acts for a session has nothing left to act for when that has ended. Locks go downwards only."""
    for child_id in parent.child_sessions.filter(ended_at=None).order_by("pk").values_list("pk", flat=True):
        child = lock_session(child_id)
        if child is not None and child.ended_at is None:
            _end(child, by=PARENT, credential_id="", at=at)


def _receipt(session: Session, *, credential_id: str, at: datetime) -> None:
    issue_receipt(
        type=ReceiptType.SESSION_ENDED,
        stream=f"session/{session.pk}",
        body={
            "context": {"session": session.pk, "position": session.length, "head": session.head},
            "identity": identity_section(session, credential_id=credential_id, at=at),
            "session": _sealed(session),
        },
        at=at,
    )


def _sealed(session: Session) -> dict[str, Any]:
    """What the context came to, in names and numbers only. `state` is the digest that the last entry has, too."""
    state = whole(session.state)
    return {
        "ended_by": session.ended_by,
        "opened_at": session.opened_at.isoformat(timespec="microseconds"),
        "length": session.length,
        "head": session.head,
        "state": digest(session.state),
        "is_intact": not session.fault,
        "actions": state["count"],
        "decisions": state["decisions"],
        "labels": state["kinds"],
        "taint": sorted(state["taint"]),
    }
