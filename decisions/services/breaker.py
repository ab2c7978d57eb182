"""The circuit breaker: a session in which reviewers deny time and again is stopped until a person lets it go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import Max

from approvals.lifecycle.states import State
from approvals.selectors.answered import answers_in, streams_denied_since
from decisions.models import Pause, Scope, Session
from decisions.services.pauses import Target, pause_actions
from receipts.clock import database_now

REASON = "The circuit breaker: reviewers denied {count} requests {how}."
SWEPT = timedelta(minutes=10)
_STREAM = "session/"


def break_circuit(stream: str) -> bool:
    """Stops the session of this stream of receipts, if too much was denied in it since it was last let go on.

    Called once a denial is committed. Raises `signing_unavailable`.
    """
    session = Session.objects.select_related("agent").filter(pk=stream.removeprefix(_STREAM), ended_at=None).first()
    pauses = Pause.objects.filter(scope=Scope.SESSION, session=session)
    if session is None or pauses.filter(resumed_at=None).exists():
        return False
    # What was denied before people let it go on has been dealt with.
    reason = _reason(answers_in(stream, since=pauses.aggregate(last=Max("resumed_at"))["last"]))
    if not reason:
        return False
    pause_actions(Target(Scope.SESSION, session=session), reason=reason, actor=None)
    return True


def sweep_denials() -> int:
    """The same for sessions whose last denial nobody followed up, as when a process dies. Any number may run."""
    since = database_now() - SWEPT
    return sum(break_circuit(stream) for stream in streams_denied_since(since))


def _reason(answers: Sequence[str]) -> str:
    """Why the session stops, or empty. `answers` are states, the newest first."""
    row = next((place for place, state in enumerate(answers) if state != State.DENIED), len(answers))
    if row >= settings.AARM_DENIALS_IN_A_ROW:
        return REASON.format(count=row, how="one after the other")
    count = sum(state == State.DENIED for state in answers)
    return REASON.format(count=count, how="in all") if count >= settings.AARM_DENIALS_IN_SESSION else ""
