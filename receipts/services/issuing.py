"""Issuing a receipt: the last write of every transaction that changes something.

Lock order everywhere: session → approval → receipt chain. A receipt is only ever issued inside its caller's
transaction, so that a fact without a receipt, or a receipt without its fact, can't be committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from receipts.identifiers import new_id
from receipts.models import Chain, Receipt, Unsequenced
from receipts.problems import ProblemError
from receipts.reads import Asked, RowRead
from receipts.rows import Batch, Update, insert_many
from receipts.selectors.index import index_of
from receipts.selectors.keys import ACTIVE_KEY
from receipts.services.history import is_own_history
from receipts.services.keys import signature_by, signer_of
from receipts.services.payloads import Committed
from receipts.signing.canonical import sha256_digest
from receipts.signing.envelope import PAYLOAD_TYPE, pae
from receipts.signing.keys import Signer
from receipts.signing.statement import ReceiptType, build_statement

# All processes sign with the key that the database calls the active one, so that a rotation reaches them at once and a
# receipt under a key that verifiers don't know, or know as ended, can't be (FLT-30). Reading it along is free.
# An alarm that halts is read along too: whoever finds that the database lacks receipts stops all processes with it.
_HALTED = "EXISTS (SELECT 1 FROM receipts_alarm WHERE is_halting AND acknowledged_at IS NULL)"
_EXTRA = {"active_key": ACTIVE_KEY, "is_halted": _HALTED}
_SEEN = RowRead(Chain, where="r.stream = %s", extra=_EXTRA)
_LOCKED = RowRead(Chain, where="r.stream = %s", extra=_EXTRA, is_locked=True)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a receipt is to say, and in which stream."""

    type: ReceiptType
    stream: str
    body: Mapping[str, Any]


def chain_of(stream: str) -> Asked[Chain]:
    """The row that orders a stream, not locked, to be read along with something else, for `issue_receipt`."""
    return _SEEN.asked(stream)


def _locked_chain(stream: str) -> tuple[Chain, str | None]:
    """The row that orders the stream, and the id of the key that signs now."""
    chain = _LOCKED.one(stream)
    if chain is None:
        Chain.objects.bulk_create([Chain(stream=stream)], ignore_conflicts=True)
        chain = _LOCKED.one(stream)
    assert chain is not None
    return _usable(chain)


def _usable(chain: Chain) -> tuple[Chain, str | None]:
    # Read along with the row; the model's type doesn't know them.
    active_key, is_halted = getattr(chain, "active_key"), getattr(chain, "is_halted")  # noqa: B009
    _require_own_history(is_halted=bool(is_halted))
    return chain, active_key


def _require_own_history(*, is_halted: bool) -> None:
    """Raises `log_halted` where the database is known to lack what was copied out of it."""
    if is_halted or not is_own_history():
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
    chain: Chain | None = None,
) -> Receipt:
    """Signs `body` as the next receipt of `stream`, in an open transaction.

    With a `batch` the rows are left for its caller to write. `chain` is what `chain_of` has found in this transaction,
    since which it has issued nothing but into this batch; where somebody else has, writing raises IntegrityError or
    `LostRowError`. Raises `signing_unavailable` without a key.
    """
    _require_transaction()
    chain, active_key = _locked_chain(stream) if chain is None else _usable(chain)
    assert chain.stream == stream
    receipt = _signed(Draft(type, stream, body), chain=chain, signer=signer_of(active_key), at=at)
    receipt.payload = payload.row if payload else None
    rows = batch or Batch()
    rows.inserts.extend((receipt, Unsequenced(receipt_id=receipt.pk)))
    before = {"length": chain.length - 1}
    rows.change(Update(Chain, stream, {"length": chain.length, "head": chain.head}, before=before))
    if batch is None:
        rows.write()
    return receipt


def issue_receipts(drafts: Sequence[Draft], *, at: datetime) -> list[Receipt]:
    """Signs many at once, in an open transaction: as many statements for a thousand as for two.

    Each becomes the next of its own stream, in the order of `drafts`. Raises as `issue_receipt` does.
    """
    _require_transaction()
    if not drafts:
        return []
    chains, active_key = _locked_chains(sorted({draft.stream for draft in drafts}))
    signer = signer_of(active_key)
    receipts = [_signed(draft, chain=chains[draft.stream], signer=signer, at=at) for draft in drafts]
    insert_many(receipts)
    insert_many([Unsequenced(receipt_id=receipt.pk) for receipt in receipts])
    Chain.objects.bulk_update(chains.values(), ["length", "head"])
    return receipts


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A receipt is issued inside the transaction of the fact that it proves.")


def _locked_chains(streams: Sequence[str]) -> tuple[dict[str, Chain], str | None]:
    """The rows of sorted `streams`, locked in that order, so that two who want several never wait for each other."""
    Chain.objects.bulk_create([Chain(stream=stream) for stream in streams], ignore_conflicts=True)
    first, active_key = _locked_chain(streams[0])
    rest = Chain.objects.select_for_update().filter(stream__in=streams[1:]).order_by("stream")
    return {chain.stream: chain for chain in (first, *rest)}, active_key


def _signed(draft: Draft, *, chain: Chain, signer: Signer, at: datetime) -> Receipt:
    """The next receipt of a locked chain, which then ends with it."""
    receipt_id, position, previous = new_id("rct"), chain.length + 1, chain.head or None
    signed = build_statement(
        id=receipt_id,
        type=draft.type,
        stream=draft.stream,
        position=position,
        previous=previous,
        issued_at=at,
        key_id=signer.key_id,
        algorithm=signer.algorithm,
        deployment=settings.AARM_DEPLOYMENT,
        body=draft.body,
    )
    message = pae(PAYLOAD_TYPE, signed)
    receipt = Receipt(
        id=receipt_id,
        type=draft.type.value,
        stream=draft.stream,
        position=position,
        previous_digest=previous,
        digest=sha256_digest(message),
        body=signed,
        signature=signature_by(signer, message=message),
        key_id=signer.key_id,
        issued_at=at,
        **index_of(draft.body),
    )
    chain.length, chain.head = position, receipt.digest
    return receipt
