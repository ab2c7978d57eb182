"""How many receipts of some types there are in each of some streams."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count

from receipts.models import Receipt
from receipts.signing.statement import ReceiptType


def receipts_in(streams: Collection[str], *, types: Collection[ReceiptType]) -> dict[str, int]:
    """By stream; those without any are left out."""
    rows = Receipt.objects.filter(stream__in=streams, type__in=[each.value for each in types])
    return dict(rows.values_list("stream").annotate(Count("pk")))
