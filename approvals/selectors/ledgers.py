"""What this app recorded and owes receipts for."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from approvals.lifecycle.states import State
from approvals.models import AdminChange, ApprovalRequest, Vote
from receipts.ledgers import Ledger
from receipts.signing.statement import ReceiptType

ADMINISTRATION_STREAM = "system/administration"

# An approval that was reached and then ended without a claim has two endings: the approval, and what became of it.
_ENDED_AFTER_APPROVAL = (State.EXPIRED.value, State.REVOKED.value, State.SUPERSEDED.value)


def _endings() -> QuerySet[Any, Any]:
    twice = When(state__in=_ENDED_AFTER_APPROVAL, claim_expires_at__isnull=False, then=Value(2))
    due = Case(twice, default=Value(1), output_field=IntegerField())
    return ApprovalRequest.objects.filter(resolved_at__isnull=False).annotate(due=due).values_list("pk", "due")


LEDGERS = (
    Ledger(
        "votes",
        ReceiptType.VOTE,
        "approval_id",
        lambda: Vote.objects.values("request_id").annotate(due=Count("*")).values_list("request_id", "due"),
    ),
    Ledger("endings of approvals", ReceiptType.APPROVAL_TERMINAL, "approval_id", _endings),
    Ledger(
        "administrative changes",
        ReceiptType.ADMINISTRATION,
        "id",
        lambda: AdminChange.objects.values("receipt_id").annotate(due=Count("*")).values_list("receipt_id", "due"),
        stream=ADMINISTRATION_STREAM,
    ),
)
