"""What became of a decision, and whose it is."""

from __future__ import annotations

from datetime import datetime

from approvals.lifecycle.states import State
from approvals.selectors import newest_of, state_at
from approvals.services.requests import Request
from decisions.engine.verdict import Decision as Verdict
from decisions.engine.verdict import Effective, effective
from decisions.models import Decision, Deferral
from receipts.access import Caller, CallerKind
from receipts.clock import database_now
from receipts.problems import not_found


def deferral_of(decision: Decision) -> Deferral | None:
    """The deferral that the decision led to."""
    return decision.deferral if hasattr(decision, "deferral") else None


def deferral_state_at(deferral: Deferral, at: datetime) -> str:
    """The state that a reader must be told: a deferral past its time is expired, sweeper or not.

    One after which people are asked goes on waiting until they are.
    """
    is_over = deferral.state == "PENDING" and at >= deferral.expires_at and not deferral.asks_on_timeout
    return "EXPIRED" if is_over else deferral.state


def approval_of(decision: Decision, *, deferral: Deferral | None = None) -> Request | None:
    """The request that people answer for this decision now: the last of those that replaced each other."""
    held = deferral or deferral_of(decision)
    approval = decision.approval or (held.approval if held else None)
    return newest_of(approval) if approval else None


def effective_at(decision: Decision, *, at: datetime, deferral: Deferral | None = None) -> Effective:
    """ALLOW, DENY or PENDING as of `at`."""
    held = deferral or deferral_of(decision)
    approval = approval_of(decision, deferral=held)
    return effective(
        decision=Verdict(decision.decision),
        approval_state=_approval_state(decision, approval=approval, at=at) if approval else None,
        deferral_state=deferral_state_at(held, at) if held else None,
    )


def _approval_state(decision: Decision, *, approval: Request, at: datetime) -> str | None:
    """How its approval stands for this decision: one that another decision has used up is worth nothing to it."""
    state = state_at(approval, at)
    is_anothers = state is State.CLAIMED and not hasattr(decision, "claim")
    return None if is_anothers else state.value


def decision_for(caller: Caller, decision_id: str) -> Decision:
    """A decision of this agent, or one in a session that this host opened (APR-06)."""
    owned = {"agent_id": caller.id} if caller.kind is CallerKind.AGENT else {"session__host_id": caller.id}
    found = (
        Decision.objects.select_related(
            "session__request",
            "session__human",
            "session__agent",
            "policy",
            "payload",
            "receipt",
            "approval",
            "deferral__approval",
            "deferral__payload",
            "claim",
        )
        .filter(pk=decision_id, **owned)
        .first()
    )
    if found is None:
        raise not_found("decision")
    return found


def pending_among(decision_ids: set[str]) -> dict[str, int]:
    """Which of these decisions are still undecided, and how many questions their agents were asked, in one query."""
    at = database_now()
    rows = Decision.objects.filter(pk__in=decision_ids).select_related("approval", "deferral__approval")
    pending = [row for row in rows if effective_at(row, at=at) is Effective.PENDING]
    return {row.pk: _times_asked(row) for row in pending}


def _times_asked(decision: Decision) -> int:
    approval = approval_of(decision)
    return approval.agent_questions if approval else 0
