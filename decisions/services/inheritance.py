"""What a new session takes over from others, so that opening one sheds nothing (CTX-03)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from decisions.models import Agent, Human, Session
from decisions.services.state import EMPTY_STATE, whole, with_labels, with_taint


def carried_state(*, agent: Agent, human: Human | None, at: datetime) -> dict[str, Any]:
    """The state that a session of this agent and human begins with: labels and taint of those that were active lately.

    Where no host names the human it may be anybody, so that such sessions hand over to all of the agent's, and take
    over from all of them.
    """
    state = dict(EMPTY_STATE)
    for kinds, taint, is_overfull in _lately_active(agent=agent, human=human, at=at):
        state = with_taint(with_labels(state, kinds=kinds or ()), *(taint or ()))
        state |= {"is_overfull": True} if is_overfull else {}
    return state


def _lately_active(*, agent: Agent, human: Human | None, at: datetime) -> Any:
    """What is to be handed over, each combination once however many sessions have it."""
    since = at - timedelta(seconds=settings.AARM_TAINT_CARRY_SECONDS)
    if since >= at:
        return ()
    # What ended later than that was active later than that: its index finds few.
    rows = Session.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since), agent=agent, active_at__gt=since)
    if human is not None:
        rows = rows.filter(Q(human=human) | Q(human=None))
    return rows.order_by().values_list("state__kinds", "state__taint", "state__is_overfull").distinct()


def handed_over(state: dict[str, Any]) -> dict[str, Any]:
    """What the first entry of a session says of it."""
    known = whole(state)
    return {"labels": known["kinds"], "taint": sorted(known["taint"])}
