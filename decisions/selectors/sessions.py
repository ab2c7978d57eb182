"""A session as its agent and host see it."""

from __future__ import annotations

from typing import Any

from decisions.models import Session
from receipts.problems import ProblemError
from receipts.signing.canonical import load_strict

ENTRIES_PAGE = 100


def session_summary(session: Session) -> dict[str, Any]:
    """A session as its agent and host see it: accumulated state and the end of its chain."""
    return {
        "session_id": session.pk,
        "agent": session.agent_id,
        "human": session.human.identifier if session.human else None,
        "request_provenance": session.request_provenance,
        "state": "ENDED" if session.ended_at else "OPEN",
        "actions": session.state["count"],
        "data_kinds": session.state["kinds"],
        "tools": session.state["tools"],
        "facts": {name: fact["trust"] for name, fact in session.state["facts"].items()},
        "chain": {"length": session.length, "head": session.head},
        "opened_at": session.opened_at.isoformat(),
    }


def entries_of(session: Session, *, after: str) -> dict[str, Any]:
    """A page of a session's context entries in order, as they were chained."""
    if after and not (after.isascii() and after.isdigit() and len(after) < 10):
        raise ProblemError("invalid_cursor", status=400, why="The cursor isn't one of ours.", fix="Start without one.")
    rows = list(session.entries.filter(position__gt=int(after or 0)).order_by("position")[: ENTRIES_PAGE + 1])
    page = rows[:ENTRIES_PAGE]
    return {
        "results": [{"body": load_strict(bytes(row.body)), "digest": row.digest} for row in page],
        "next": str(page[-1].position) if len(rows) > ENTRIES_PAGE else None,
    }
