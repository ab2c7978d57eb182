"""What the apps above recorded and owe receipts for. Accounting compares the two without knowing those apps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from receipts.signing.statement import ReceiptType


@dataclass(frozen=True, slots=True)
class Ledger:
    """Facts that each leave a receipt of one type.

    `owed` yields rows of (key, number of receipts owed). The key is what the receipt's column `column` holds; without a
    column the key is empty and only numbers are compared. With a `stream` only its receipts are counted, so that two
    ledgers may share a type.
    """

    noun: str
    type: ReceiptType
    column: str
    owed: Callable[[], QuerySet[Any, Any]]
    stream: str = ""


class _Registry:
    ledgers: tuple[Ledger, ...] = ()


# Facts of which the receipt is the only record; nothing else could be compared with them.
RECEIPT_ONLY: Mapping[ReceiptType, str] = {
    ReceiptType.CLAIM_REFUSED: "refused claims change nothing",
    ReceiptType.ERASURE: "what was erased is gone",
    ReceiptType.RECOVERY: "the acknowledgement is the receipt",
    ReceiptType.EXPORT: "its row goes when its file does",
    ReceiptType.DISCLOSURE: "being shown something changes nothing",
}


def register_ledgers(*ledgers: Ledger) -> None:
    """Called at start-up by the app that keeps the facts."""
    _Registry.ledgers += ledgers


def registered_ledgers() -> tuple[Ledger, ...]:
    """All of them."""
    return _Registry.ledgers
