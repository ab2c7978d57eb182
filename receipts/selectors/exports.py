"""Exports that somebody asked for."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Count, Value

from receipts.ledgers import Ledger
from receipts.models import Export
from receipts.problems import not_found
from receipts.signing.statement import ReceiptType

MOST = 50
LEDGER = Ledger(
    "finished exports",
    ReceiptType.EXPORT,
    "",
    lambda: (
        Export.objects.filter(finished_at__isnull=False)
        .values(fact=Value("", output_field=CharField()))
        .annotate(due=Count("*"))
        .values_list("fact", "due")
    ),
)


def exports_of(user: Any) -> list[Export]:
    """Their own, the newest first."""
    return list(Export.objects.filter(owner=user).order_by("-requested_at", "-id")[:MOST])


def export_for(user: Any, export_id: str) -> Export:
    """One of their own. Raises `not_found`."""
    found = Export.objects.filter(owner=user, pk=export_id).first()
    if found is None:
        raise not_found("export")
    return found
