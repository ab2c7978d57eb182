"""What was erased and held, as it is on record, and what is held now."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from receipts.models import LegalHold, Receipt
from receipts.problems import not_found
from receipts.signing.canonical import load_strict
from receipts.signing.statement import ReceiptType


def privacy_receipts() -> QuerySet[Receipt]:
    """The receipts of erasures, ends of retention, and holds."""
    return Receipt.objects.filter(type=ReceiptType.ERASURE.value)


def said_of(receipt: Receipt) -> dict[str, Any]:
    """What such a receipt says was done: `what` and, by that, `subject`, `ground`, `before`, `rows`."""
    document: Any = load_strict(bytes(receipt.body))
    found: dict[str, Any] = document["body"]["privacy"]
    return found


def standing_holds() -> QuerySet[LegalHold]:
    """The holds that stand, oldest first. The empty subject is everybody."""
    return LegalHold.objects.filter(released_at=None).order_by("placed_at", "pk")


def held_subjects() -> Collection[str]:
    """Of whom nothing goes now; the empty one is everybody."""
    return frozenset(standing_holds().values_list("subject", flat=True))


def held_subject(hold_id: str) -> str:
    """Whom a standing hold is about. Raises `not_found`."""
    found = standing_holds().filter(pk=hold_id).first()
    if found is None:
        raise not_found("hold")
    return found.subject


def left_by(decisions: Collection[str]) -> list[tuple[str, str, str | None]]:
    """The receipts about these decisions: the decision, the request, which may be empty, and the payload of each."""
    found = Receipt.objects.filter(decision_id__in=decisions)
    return list(found.values_list("decision_id", "approval_id", "payload_id"))
