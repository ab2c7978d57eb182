"""Claims that nobody reported on: when the lease ends, their outcome is put on record as unknown (CTX-06)."""

from __future__ import annotations

from django.db import transaction

from decisions.models import Decision, OpenLease
from decisions.services.integrity import lock_session
from decisions.services.outcomes import Report, record_outcome
from receipts.clock import DatabaseNow, database_now

BATCH = 100
_NEVER_REPORTED = Report(status="unknown", values={"error": "Nobody reported an outcome before the lease ended."})


def end_due_leases() -> int:
    """Records an unknown outcome for each lease that is over; returns how many. A later report stands beside it."""
    due = OpenLease.objects.filter(expires_at__lte=DatabaseNow()).order_by("expires_at")
    return sum(_end(*each) for each in due.values_list("claim__decision_id", "claim__decision__session_id")[:BATCH])


def _end(decision_id: str, session_id: str) -> bool:
    with transaction.atomic():
        session = lock_session(session_id, skip_locked=True)
        # The agent may have reported since.
        if session is None or not OpenLease.objects.filter(claim__decision=decision_id).exists():
            return False
        decision = Decision.objects.select_related("policy", "approval", "deferral").get(pk=decision_id)
        record_outcome(decision, session=session, report=_NEVER_REPORTED, at=database_now())
        return True
