"""Showing the values behind a receipt's commitments: who looked is itself on record."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from receipts.access import Caller
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.selectors.search import receipt_for
from receipts.services.issuing import issue_receipt
from receipts.signing.statement import ReceiptType

ACCESS_STREAM = "system/access"


def disclose(caller: Caller, *, receipt_id: str) -> Receipt:
    """Records that this caller is shown the values of a receipt, and returns it. Raises `not_found`."""
    with transaction.atomic():
        receipt = receipt_for(caller, receipt_id)
        _record(caller, of={"receipt": receipt.pk})
    return receipt


def disclose_session(caller: Caller, *, session_id: str) -> None:
    """Records that this caller, who may see the session, is shown its original request."""
    with transaction.atomic():
        _record(caller, of={"session": session_id})


def _record(caller: Caller, *, of: Mapping[str, str]) -> None:
    body = {"actor": {"person": caller.id}, "disclosure": dict(of)}
    issue_receipt(type=ReceiptType.DISCLOSURE, stream=ACCESS_STREAM, body=body, at=database_now())
