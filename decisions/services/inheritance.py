"""What a new session takes over from others, so that opening one sheds nothing (CTX-03)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from decisions.models import Agent, Human, Session
from decisions.services.state import EMPTY_STATE, distance_in, whole, with_distance, with_labels, with_taint

# Within one task the distance from its request as well; another task has another request.
_HANDED_UP = {name: F(f"state__{name}") for name in ("kinds", "taint", "is_overfull", "distance")}
# Each label and each source of taint once, however many sessions have it.
_UNITED = {
    "postgresql": (
        "SELECT 'kinds', jsonb_path_query(state, '$.kinds[*]') #>> '{}' FROM lately "
        "UNION SELECT 'taint', jsonb_path_query(state, '$.taint.keyvalue()', '{}', true) ->> 'key' FROM lately "
        "UNION SELECT 'is_overfull', '' FROM lately WHERE state -> 'is_overfull' = 'true'"
    ),
    "sqlite": (
        "SELECT 'kinds', each.value FROM lately, json_each(state, '$.kinds') each "
        "UNION SELECT 'taint', each.key FROM lately, json_each(state, '$.taint') each "
        "UNION SELECT 'is_overfull', '' FROM lately WHERE state ->> '$.is_overfull'"
    ),
}


def carried_state(*, agent: Agent, human: Human | None, at: datetime) -> dict[str, Any]:
    """The state that a session of this agent and human begins with: labels and taint of those that were active lately.

    Where no host names the human it may be anybody, so that such sessions hand over to all of the agent's, and take
    over from all of them.
    """
    state = dict(EMPTY_STATE)
    for given in _lately_active(agent=agent, human=human, at=at):
        state = taken_over(state, given)
    return state


def _lately_active(*, agent: Agent, human: Human | None, at: datetime) -> Iterable[Mapping[str, Any]]:
    """What is to be handed over, in pieces: as many as there are labels and sources, not sessions."""
    since = at - timedelta(seconds=settings.AARM_TAINT_CARRY_SECONDS)
    if since >= at:
        return ()
    # What ended later than that was active later than that: its index finds few.
    rows = Session.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since), agent=agent, active_at__gt=since)
    if human is not None:
        rows = rows.filter(Q(human=human) | Q(human=None))
    lately, values = rows.order_by().values("state").query.sql_with_params()
    with connection.cursor() as cursor:
        # Both parts are the product's own; every value is a parameter.
        cursor.execute(f"WITH lately AS ({lately}) {_UNITED[connection.vendor]}", values)
        return [{part: [name]} for part, name in cursor.fetchall()]


def taken_over(state: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The state with the labels and the taint of another one."""
    state = with_taint(with_labels(state, kinds=given.get("kinds") or ()), *(given.get("taint") or ()))
    return {**state, "is_overfull": True} if given.get("is_overfull") else state


def same_task(state: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The state with what another session of the same task has touched, and as far from the request as either."""
    return with_distance(taken_over(state, given), distance_in(state, given))


def with_children(session: Session) -> dict[str, Any]:
    """The state of a locked session with what all sessions below it have touched so far, and how far they have gone.

    Whatever a child has learned may have been told to its parent. It asks nothing where there are no children.
    """
    state: dict[str, Any] = session.state
    above = [session.pk] if session.children else []
    while above:
        rows = list(Session.objects.filter(parent__in=above).values("pk", "children", **_HANDED_UP))
        for row in rows:
            state = same_task(state, row)
        above = [row["pk"] for row in rows if row["children"]]
    return state


def handed_over(state: dict[str, Any]) -> dict[str, Any]:
    """What the first entry of a session says of it."""
    known = whole(state)
    return {"labels": known["kinds"], "taint": sorted(known["taint"])}
