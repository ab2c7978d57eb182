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
from receipts.models import Chain, Receipt, Unsequenced
from receipts.problems import ProblemError
from receipts.reads import RowRead
from receipts.rows import Batch, Update
from receipts.selectors.index import index_of
from receipts.selectors.keys import ACTIVE_KEY
from receipts.selectors.outside import divergence
from receipts.services.keys import signature_by, signer_of
from receipts.services.payloads import Committed
from receipts.signing.canonical import sha256_digest
from receipts.signing.envelope import PAYLOAD_TYPE, pae
from receipts.signing.statement import ReceiptType, build_statement

# All processes sign with the key that the database calls the active one, so that a rotation reaches them at once and a
# receipt under a key that verifiers don't know, or know as ended, can't be (FLT-30). Reading it along is free.
# An alarm that halts is read along too: whoever finds that the database lacks receipts stops all processes with it.
_HALTED = "EXISTS (SELECT 1 FROM receipts_alarm WHERE is_halting AND acknowledged_at IS NULL)"
_LOCKED = RowRead(Chain, where="r.stream = %s", extra={"active_key": ACTIVE_KEY, "is_halted": _HALTED}, is_locked=True)


class _Process:
    """Each process compares the database with the folder of checkpoints once, before its first receipt (FLT-28)."""

    is_compared = False


def _locked_chain(stream: str) -> tuple[Chain, str | None]:
    """The row that orders the stream, and the id of the key that signs now."""
    chain = _LOCKED.one(stream)
    if chain is None:
        Chain.objects.bulk_create([Chain(stream=stream)], ignore_conflicts=True)
        chain = _LOCKED.one(stream)
    assert chain is not None
    # Read along with the row; the model's type doesn't know them.
    active_key, is_halted = getattr(chain, "active_key"), getattr(chain, "is_halted")  # noqa: B009
    _require_own_history(is_halted=bool(is_halted))
    return chain, active_key


def _require_own_history(*, is_halted: bool) -> None:
    """Raises `log_halted` where the database is known to lack what was copied out of it."""
    if not is_halted and not _Process.is_compared:
        # The folder only: a place that takes long to answer is the background verifier's affair.
        is_halted = divergence(settings.AARM_CHECKPOINT_SINKS[:1]) is not None
        _Process.is_compared = not is_halted
    if is_halted:
        raise ProblemError(
            "log_halted",
            status=503,
            why="The database is not the one that the checkpoints outside were copied from: receipts would be lost.",
            fix="./run doctor says what is missing; ./run receipts acknowledge-loss goes on without it.",
        )


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
    chain, active_key = _locked_chain(stream)
    signer = signer_of(active_key)
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
        signature=signature_by(signer, message=message),
        key_id=signer.key_id,
        payload=payload.row if payload else None,
        issued_at=at,
        **index_of(body),
    )
    rows = batch or Batch()
    rows.inserts.extend((receipt, Unsequenced(receipt_id=receipt_id)))
    rows.updates.append(Update(Chain, stream, {"length": position, "head": receipt.digest}))
    if batch is None:
        rows.write()
    return receipt
