"""An action may depend on earlier ones; it waits while they wait, and falls with them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from decisions.engine.verdict import Effective
from decisions.models import Decision, Session
from decisions.selectors import effective_at
from decisions.services.questions import Standing
from decisions.services.sessions import now_of
from receipts.problems import ProblemError


def standing_of(session: Session, *, depends_on: Iterable[str], at: datetime | None = None) -> Standing:
    """The worst standing among the named actions of this session. One that it doesn't know is an error."""
    wanted = set(depends_on)
    if not wanted:
        return Standing.SETTLED
    found = Decision.objects.filter(session=session, action_id__in=wanted).select_related(
        "approval", "deferral__approval"
    )
    effects = {decision.action_id: effective_at(decision, at=at or now_of(session)) for decision in found}
    unknown = wanted - set(effects)
    if unknown:
        raise ProblemError(
            "unknown_dependency",
            status=400,
            why="depends_on names an action that this session doesn't have.",
            fix="Submit that action first.",
            param="depends_on",
        )
    if Effective.DENY in effects.values():
        return Standing.DENIED
    return Standing.PENDING if Effective.PENDING in effects.values() else Standing.SETTLED
