"""Reading decisions: what became of them, and whose they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from approvals.services.requests import state_at
from decisions.engine.verdict import Decision as Verdict
from decisions.engine.verdict import Effective, effective
from decisions.models import ActivePolicy, Decision, Deferral, Session
from receipts.access import Caller, CallerKind
from receipts.clock import database_now
from receipts.problems import ProblemError, not_found
from receipts.signing.canonical import load_strict

ENTRIES_PAGE = 100


def deferral_of(decision: Decision) -> Deferral | None:
    """The deferral that the decision led to."""
    return decision.deferral if hasattr(decision, "deferral") else None


def deferral_state_at(deferral: Deferral, at: datetime) -> str:
    """The state that a reader must be told: a deferral past its time is expired, sweeper or not."""
    return "EXPIRED" if deferral.state == "PENDING" and at >= deferral.expires_at else deferral.state


def effective_at(decision: Decision, *, at: datetime, deferral: Deferral | None = None) -> Effective:
    """ALLOW, DENY or PENDING as of `at`."""
    held = deferral or deferral_of(decision)
    approval = decision.approval or (held.approval if held else None)
    return effective(
        decision=Verdict(decision.decision),
        approval_state=state_at(approval, at).value if approval else None,
        deferral_state=deferral_state_at(held, at) if held else None,
    )


def decision_for(caller: Caller, decision_id: str) -> Decision:
    """A decision of this agent, or one in a session that this host opened (APR-06)."""
    owned = {"agent_id": caller.id} if caller.kind is CallerKind.AGENT else {"session__host_id": caller.id}
    found = (
        Decision.objects.select_related(
            "session__request", "session__human", "session__agent", "policy", "payload", "receipt", "approval",
            "deferral__approval", "deferral__payload",
        )
        .filter(pk=decision_id, **owned)
        .first()
    )
    if found is None:
        raise not_found("decision")
    return found


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


def pending_among(decision_ids: set[str]) -> set[str]:
    """Which of these decisions are still undecided, in one query."""
    at = database_now()
    rows = Decision.objects.filter(pk__in=decision_ids).select_related("approval", "deferral__approval")
    return {row.pk for row in rows if effective_at(row, at=at) is Effective.PENDING}


def active_version_id() -> str | None:
    """The id of the policy version that holds, or nothing when none was published."""
    return ActivePolicy.objects.values_list("version_id", flat=True).first()
