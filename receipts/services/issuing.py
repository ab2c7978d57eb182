"""Issuing a receipt: the last write of every transaction that changes something.

Lock order everywhere: session → approval → receipt chain. A receipt is only ever issued inside its caller's
transaction, so that a fact without a receipt, or a receipt without its fact, can't be committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from receipts.identifiers import new_id
from receipts.models import Chain, Receipt
from receipts.reads import RowRead
from receipts.rows import Batch, Update
from receipts.selectors.index import index_of
from receipts.services.keys import current_signer, unavailable
from receipts.services.payloads import Committed
from receipts.signing.canonical import sha256_digest
from receipts.signing.envelope import PAYLOAD_TYPE, pae
from receipts.signing.statement import ReceiptType, build_statement

# A receipt under a key that verifiers don't know, or know as ended, proves nothing (FLT-30). Reading it along is free.
_PUBLISHED = (
    "(SELECT count(*) FROM receipts_publishedkey WHERE key_id = %s AND retired_at IS NULL AND revoked_at IS NULL)"
)
_LOCKED = RowRead(Chain, where="r.stream = %s", extra={"published": _PUBLISHED}, is_locked=True)


def _locked_chain(stream: str, *, key_id: str) -> Chain:
    chain = _LOCKED.one(key_id, stream)
    if chain is None:
        Chain.objects.bulk_create([Chain(stream=stream)], ignore_conflicts=True)
        chain = _LOCKED.one(key_id, stream)
    assert chain is not None
    if not getattr(chain, "published"):  # noqa: B009 - read along with the row; the model's type doesn't know it
        raise unavailable("The signing key is not a current one of this installation.")
    return chain


def issue_receipt(
    *,
    type: ReceiptType,
    stream: str,
    body: Mapping[str, Any],
    at: datetime,
    payload: Committed | None = None,
    batch: Batch | None = None,
) -> Receipt:
    """Signs `body` as the next receipt of `stream`, in an open transaction.

    With a `batch` the rows are left for its caller to write. Raises `signing_unavailable` without a key.
    """
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise RuntimeError("A receipt is issued inside the transaction of the fact that it proves.")
    signer = current_signer()
    chain = _locked_chain(stream, key_id=signer.key_id)
    receipt_id, position, previous = new_id("rct"), chain.length + 1, chain.head or None
    signed = build_statement(
        id=receipt_id,
        type=type,
        stream=stream,
        position=position,
        previous=previous,
        issued_at=at,
        key_id=signer.key_id,
        algorithm=signer.algorithm,
        deployment=settings.AARM_DEPLOYMENT,
        body=body,
    )
    message = pae(PAYLOAD_TYPE, signed)
    receipt = Receipt(
        id=receipt_id,
        type=type.value,
        stream=stream,
        position=position,
        previous_digest=previous,
        digest=sha256_digest(message),
        body=signed,
        signature=signer.sign(message),
        key_id=signer.key_id,
        payload=payload.row if payload else None,
        issued_at=at,
        **index_of(body),
    )
    rows = batch or Batch()
    rows.inserts.append(receipt)
    rows.updates.append(Update(Chain, stream, {"length": position, "head": receipt.digest}))
    if batch is None:
        rows.write()
    return receipt
