"""What an action is the first to do in its session: facts that are computed, for the person who is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from approvals.lifecycle.render import plain, render
from decisions.engine.entities import entities_in
from decisions.models import Decision, Session
from receipts.signing.canonical import JSON

MOST_NAMES = 3


def novelties_of(decision: Decision, *, session: Session, parameters: Mapping[str, JSON]) -> tuple[str, ...]:
    """Sentences, each about this action and this session; nothing about what is unknown. Names in them are rendered."""
    return tuple(_sentences(decision, session=session, parameters=parameters))


def _sentences(decision: Decision, *, session: Session, parameters: Mapping[str, JSON]) -> Iterator[str]:
    same = Decision.objects.filter(session=session, tool=decision.tool, operation=decision.operation)
    if not same.filter(position__lt=decision.position).exists():
        yield f"The first {decision.tool}.{decision.operation} of this session."
    new = _new_names(session, parameters=parameters)
    for name in new[:MOST_NAMES]:
        yield f"{plain(render(name, limit=80))} is named for the first time in this session."
    if len(new) > MOST_NAMES:
        yield f"So are {len(new) - MOST_NAMES} more people or places."


def _new_names(session: Session, *, parameters: Mapping[str, JSON]) -> list[str]:
    """Those that the session's state first met with its newest action, which is this one unless it was deferred."""
    known = session.state.get("entities", {})
    return sorted(name for name in entities_in(dict(parameters)) if known.get(name) == session.state["count"])
