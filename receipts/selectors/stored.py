"""What is wrong with a stored receipt, judged from its bytes alone."""

from __future__ import annotations

from receipts.models import Receipt
from receipts.selectors.index import index_of
from receipts.selectors.verification import envelope_of
from receipts.signing.canonical import sha256_digest
from receipts.signing.envelope import PAYLOAD_TYPE, pae
from receipts.signing.errors import VerificationError
from receipts.signing.keys import KeySet
from receipts.signing.statement import Statement, parse_statement


def signature_fault(receipt: Receipt, *, keys: KeySet, leaf_index: int) -> str:
    """Why the bytes are not those that were signed under the digest that the row names; empty where they are.

    `leaf_index` is its place in the log, or the first that it may get: a revoked key counts for what came before.
    """
    envelope = envelope_of(receipt)
    if envelope.digest != receipt.digest:
        return "Its bytes do not have its digest."
    try:
        key = keys.find(envelope.key_id)
        key.verify(pae(PAYLOAD_TYPE, envelope.payload), signature=envelope.signature)
    except VerificationError as error:
        return error.why
    ends = {"revoked": key.history.revoked_size, "retired": key.history.retired_size}
    over = [how for how, size in ends.items() if size is not None and leaf_index >= size]
    return f"Its key was {over[0]} before it came into the log." if over else ""


def stored_fault(receipt: Receipt, *, keys: KeySet, leaf_index: int) -> str:
    """As `signature_fault`, and whether the row's columns say what was signed (RCP-20, RCP-27)."""
    fault = signature_fault(receipt, keys=keys, leaf_index=leaf_index)
    if fault:
        return fault
    try:
        statement = parse_statement(bytes(receipt.body))
    except VerificationError as error:
        return error.why
    wrong = sorted(name for name, value in _columns(statement).items() if getattr(receipt, name) != value)
    return f"Columns differ from what was signed: {', '.join(wrong)}." if wrong else ""


def _columns(statement: Statement) -> dict[str, object]:
    """Every column that is derived from the signed bytes."""
    return {
        "id": statement.id,
        "type": statement.type.value,
        "stream": statement.stream,
        "position": statement.position,
        "previous_digest": statement.previous,
        "key_id": statement.key_id,
        "issued_at": statement.issued_at,
        **index_of(statement.body),
    }


def fingerprint_of(receipt_id: str) -> str:
    """A digest of every column of a stored receipt, by which one alteration is told from the next; empty if it is gone.

    It is compared in this database only.
    """
    row = Receipt.objects.filter(pk=receipt_id).values_list().first()
    if row is None:
        return ""
    return sha256_digest(repr([bytes(value) if isinstance(value, memoryview) else value for value in row]).encode())
