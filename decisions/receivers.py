"""What approvals ask of decisions."""

from __future__ import annotations

from django.db.models import Q

from decisions.models import Decision
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
