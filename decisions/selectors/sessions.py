"""A session as its agent and host see it."""

from __future__ import annotations

from typing import Any

from decisions.engine.drift import hundredths
from decisions.models import Session
from decisions.selectors.integrity import End, fault_in, follow_session
from receipts.problems import ProblemError
from receipts.signing.canonical import load_strict

ENTRIES_PAGE = 100
VERIFIED_PAGE = 10_000


def session_summary(session: Session) -> dict[str, Any]:
    """A session as its agent and host see it: accumulated state and the end of its chain."""
    return {
        "session_id": session.pk,
        "agent": session.agent_id,
        "human": session.human.identifier if session.human else None,
        "request_provenance": session.request_provenance,
        "state": _standing(session),
        "parent_session_id": session.parent_id,
        "scope": session.scope,
        "max_data_classification": session.max_data_classification or None,
        "children": session.children,
        **_accumulated(session.state),
        "chain": {"length": session.length, "head": session.head},
        "opened_at": session.opened_at.isoformat(),
        "ended_at": session.ended_at.isoformat() if session.ended_at else None,
        "ended_by": session.ended_by or None,
    }


def _accumulated(state: Any) -> dict[str, Any]:
    """The accumulated state without the facts' values. What was altered in the database may have any form."""
    if not isinstance(state, dict):
        return {}
    facts = state.get("facts", {})
    return {
        "actions": state.get("count", 0),
        "decisions": state.get("decisions", {}),
        "outcomes": state.get("outcomes", {}),
        "messages": state.get("messages", {}),
        "data_kinds": state.get("kinds", []),
        "tools": state.get("tools", []),
        "entities": state.get("entities", {}),
        "taint": sorted(state.get("taint", {})),
        "cumulative_distance": _distance(state.get("distance")),
        "facts": {name: fact["trust"] for name, fact in facts.items()},
    }


def _distance(value: Any) -> float | None:
    return hundredths(value) if isinstance(value, int) else None


def _standing(session: Session) -> str:
    if session.broken_at:
        return "BROKEN"
    return "ENDED" if session.ended_at else "OPEN"


def entries_of(session: Session, *, after: str) -> dict[str, Any]:
    """A page of a session's context entries in order, as they were chained."""
    rows = list(session.entries.filter(position__gt=_position(after)).order_by("position")[: ENTRIES_PAGE + 1])
    page = rows[:ENTRIES_PAGE]
    return {
        "results": [{"body": load_strict(bytes(row.body)), "digest": row.digest} for row in page],
        "next": str(page[-1].position) if len(rows) > ENTRIES_PAGE else None,
    }


def verification_of(session: Session, *, after: str) -> dict[str, Any]:
    """What following a stretch of the session's chain shows, the row's seal included. Changes nothing."""
    found = follow_session(session, after=_end_at(session, _position(after)), most=VERIFIED_PAGE)
    fault = found.fault or fault_in(session)
    is_over = bool(fault) or found.end.position >= session.length
    return {
        "session_id": session.pk,
        "is_intact": not fault,
        "says": fault or "Every entry follows the one before it, and the row is the one that was sealed with the last.",
        "verified_to": found.end.position,
        "length": session.length,
        "head": session.head,
        "next": None if is_over else str(found.end.position),
    }


def _end_at(session: Session, position: int) -> End:
    if position > session.length:
        raise _INVALID
    before = session.entries.filter(position=position).values_list("digest", flat=True).first()
    return End(position, before or "")


_INVALID = ProblemError("invalid_cursor", status=400, why="The cursor isn't one of ours.", fix="Start without one.")


def _position(cursor: str) -> int:
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise _INVALID
    return int(cursor or 0)
