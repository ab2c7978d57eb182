"""Decisions leave a row with what their receipt would have said: unsigned, in no chain, and never put into the log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from receipts.identifiers import new_id
from receipts.models import Receipt
from receipts.rows import Batch
from receipts.selectors.index import index_of
from receipts.services import Chain, Committed
from receipts.signing.canonical import sha256_digest
from receipts.signing.statement import ReceiptType, build_statement

NO_KEY = "unproven"


def keep_statement(
    *,
    type: ReceiptType,
    stream: str,
    body: Mapping[str, Any],
    at: datetime,
    payload: Committed | None = None,
    batch: Batch | None = None,
    chain: Chain | None = None,
) -> Receipt:
    """Takes the place of `issue_receipt` on the decision path."""
    assert batch is not None, "only the decision path comes here"
    # A place that nobody else has stands in for the next one of the chain, which would have to be asked for.
    receipt_id, position, previous = new_id("rct"), 2 + secrets.randbelow(2**31 - 2), f"sha256:{secrets.token_hex(32)}"
    said = build_statement(
        id=receipt_id,
        type=type,
        stream=stream,
        position=position,
        previous=previous,
        issued_at=at,
        key_id=NO_KEY,
        algorithm="Ed25519",
        deployment=settings.AARM_DEPLOYMENT,
        body=body,
    )
    receipt = Receipt(
        id=receipt_id,
        type=type.value,
        stream=stream,
        position=position,
        previous_digest=previous,
        digest=sha256_digest(said),
        body=said,
        signature=b"",
        key_id=NO_KEY,
        payload=payload.row if payload else None,
        issued_at=at,
        **index_of(body),
    )
    batch.inserts.append(receipt)
    return receipt
