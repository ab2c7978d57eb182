"""What this app recorded and owes receipts for."""

from __future__ import annotations

from django.db.models import CharField, Count, Value

from decisions.models import Claim, Decision, Deferral, Outcome, PolicyProposal, PolicyVersion, Session
from decisions.models.deferrals import PENDING
from receipts.ledgers import Ledger
from receipts.signing.statement import ReceiptType

POLICY_STREAM = "system/policy"

LEDGERS = (
    Ledger(
        "decisions",
        ReceiptType.DECISION,
        "decision_id",
        lambda: Decision.objects.values("pk").annotate(due=Count("*")).values_list("pk", "due"),
    ),
    Ledger(
        "deferrals that ended",
        ReceiptType.DEFERRAL_TERMINAL,
        "decision_id",
        lambda: (
            Deferral.objects.exclude(state=PENDING)
            .values("decision_id")
            .annotate(due=Count("*"))
            .values_list("decision_id", "due")
        ),
    ),
    Ledger(
        "claims",
        ReceiptType.CLAIM,
        "decision_id",
        lambda: Claim.objects.values("decision_id").annotate(due=Count("*")).values_list("decision_id", "due"),
    ),
    Ledger(
        "outcomes",
        ReceiptType.OUTCOME,
        "decision_id",
        lambda: Outcome.objects.values("decision_id").annotate(due=Count("*")).values_list("decision_id", "due"),
    ),
    Ledger(
        "sessions that ended",
        ReceiptType.SESSION_ENDED,
        "session_id",
        lambda: Session.objects.exclude(ended_by="").values("pk").annotate(due=Count("*")).values_list("pk", "due"),
    ),
    Ledger(
        "published policies",
        ReceiptType.POLICY_PUBLISHED,
        "",
        lambda: (
            PolicyVersion.objects.values(fact=Value("", output_field=CharField()))
            .annotate(due=Count("*"))
            .values_list("fact", "due")
        ),
    ),
    Ledger(
        "proposed policies",
        ReceiptType.ADMINISTRATION,
        "",
        lambda: (
            PolicyProposal.objects.values(fact=Value("", output_field=CharField()))
            .annotate(due=Count("*"))
            .values_list("fact", "due")
        ),
        stream=POLICY_STREAM,
    ),
)
