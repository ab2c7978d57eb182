"""What approvals ask of decisions, and what follows from their answers."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from approvals.lifecycle.states import State
from approvals.ports import NamedRoute, Revision
from approvals.services.requests import Request
from decisions.models import ActivePolicy, Decision
from decisions.selectors import active_version_id
from decisions.services.breaker import break_circuit
from decisions.services.integrity import lock_session
from decisions.services.revalidation import identity_problem
from decisions.services.revision import revise
from decisions.services.routes import routes_of_version
from receipts.clock import database_now
from receipts.problems import not_found
from receipts.signing.canonical import JSON


class Behind:
    """Answers `approvals.ports.Above`."""

    def identity_problem(self, *, approval_id: str) -> str | None:
        """Looks the identity up again that the request was opened with."""
        decision = _decision_behind(approval_id)
        if decision is None:
            return "The request behind this approval is not on record."
        return identity_problem(decision, session=decision.session, at=database_now())

    def lock_behind(self, *, approval_id: str) -> None:
        """Locks the session."""
        decision = _decision_behind(approval_id)
        if decision is None:
            raise not_found("approval")
        lock_session(decision.session_id)

    def revise(self, *, approval_id: str, parameters: dict[str, JSON]) -> Revision:
        """Evaluates the changed action in the session as it is now."""
        decision = _decision_behind(approval_id)
        session = lock_session(decision.session_id) if decision else None
        if decision is None or session is None:
            return Revision(opening=None, refusal="The request behind this approval is not on record.")
        return revise(decision, session=session, parameters=parameters, at=database_now())

    def routes(self) -> tuple[NamedRoute, ...]:
        """Those of the rules that are enforced, and of the policy itself."""
        version = active_version_id()
        return routes_of_version(version) if version is not None else ()

    def hold_routes(self) -> None:
        """Locks the row that says which policy holds: who publishes waits, who decides doesn't."""
        list(ActivePolicy.objects.select_for_update().all())


def _decision_behind(approval_id: str) -> Decision | None:
    """The decision for which the first of a line of requests was opened. Others may have been folded into it."""
    asked = Q(approval_id=approval_id) | Q(deferral__approval_id=approval_id)
    rows = Decision.objects.select_related("session", "policy", "payload", "deferral__payload")
    return rows.filter(asked).order_by("decided_at", "id").first()


def follow_denial(*, approval_id: str, state: State, **more: Any) -> None:
    """Looks whether reviewers have denied too much in the session, once this denial is committed.

    Not earlier: who pauses holds a lock that comes before those of requests. The sweeper does what fails here.
    """
    if state is State.DENIED:
        stream = Request.objects.values_list("stream", flat=True).get(pk=approval_id)
        transaction.on_commit(partial(break_circuit, stream), robust=True)
