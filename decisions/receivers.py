"""What approvals ask of decisions, and what follows from their answers."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from approvals.lifecycle.states import State
from approvals.services.requests import Request
from decisions.models import Decision
from decisions.services.breaker import break_circuit
from decisions.services.revalidation import identity_problem
from receipts.clock import database_now


class IdentityPort:
    """Answers `approvals.ports.Above`."""

    def identity_problem(self, *, approval_id: str) -> str | None:
        """Looks the identity up again that the request was opened with."""
        asked = Q(approval_id=approval_id) | Q(deferral__approval_id=approval_id)
        decision = Decision.objects.select_related("session").filter(asked).first()
        if decision is None:
            return "The request behind this approval is not on record."
        return identity_problem(decision, session=decision.session, at=database_now())


def follow_denial(*, approval_id: str, state: State, **more: Any) -> None:
    """Looks whether reviewers have denied too much in the session, once this denial is committed.

    Not earlier: who pauses holds a lock that comes before those of requests. The sweeper does what fails here.
    """
    if state is State.DENIED:
        stream = Request.objects.values_list("stream", flat=True).get(pk=approval_id)
        transaction.on_commit(partial(break_circuit, stream), robust=True)
