"""What the server itself can say of a stored receipt. An outsider does the same without us: `receipts.signing`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from receipts.models import PublishedKey, Receipt
from receipts.selectors.index import index_of
from receipts.selectors.values import disclosure_of
from receipts.signing.envelope import Envelope
from receipts.signing.errors import BrokenChainError, TamperedError, VerificationError
from receipts.signing.keys import KeySet
from receipts.signing.statement import Statement
from receipts.signing.verify import verify_disclosure, verify_receipt


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: the sentence says what holds, or what doesn't."""

    is_good: bool
    sentence: str


def envelope_of(receipt: Receipt) -> Envelope:
    """The bytes as they were signed."""
    return Envelope(payload=bytes(receipt.body), signature=bytes(receipt.signature), key_id=receipt.key_id)


def published_jwks() -> dict[str, object]:
    """The public keys, also retired and revoked ones, as a JWK set."""
    return {"keys": [row.jwk for row in PublishedKey.objects.order_by("created_at", "key_id")]}


def _check_predecessor(receipt: Receipt, statement: Statement) -> None:
    if receipt.position == 1:
        return
    before = Receipt.objects.filter(stream=receipt.stream, position=receipt.position - 1).first()
    if before is None or envelope_of(before).digest != statement.previous:
        raise BrokenChainError("The receipt before this one is missing or was altered.", position=receipt.position)


def _check_index(receipt: Receipt, statement: Statement) -> None:
    wanted = index_of(statement.body) | {"type": statement.type, "stream": statement.stream, "id": statement.id}
    wrong = [name for name, value in wanted.items() if getattr(receipt, name) != value]
    if wrong or receipt.digest != envelope_of(receipt).digest:
        raise TamperedError(f"Searchable columns differ from what was signed: {', '.join(wrong) or 'digest'}.")


def _check_values(receipt: Receipt, statement: Statement) -> None:
    verify_disclosure(statement, disclosure_of(receipt.payload, commitments=statement.commitments))


_STEPS: tuple[tuple[str, Callable[[Receipt, Statement], None]], ...] = (
    ("It names the digest of the receipt before it in its stream.", _check_predecessor),
    ("What pages and searches show of it is what was signed.", _check_index),
    ("The values shown open the commitments that were signed.", _check_values),
)


def check_receipt(receipt: Receipt) -> list[Check]:
    """Verifies a stored receipt from its bytes.

    A failed signature ends the list, because nothing else means anything then.
    """
    try:
        statement = verify_receipt(envelope_of(receipt), keys=KeySet.from_jwks(published_jwks()))
    except VerificationError as error:
        return [Check(is_good=False, sentence=str(error))]
    found = [Check(is_good=True, sentence=f"The signature of key {receipt.key_id} fits the stored bytes.")]
    for sentence, step in _STEPS:
        try:
            step(receipt, statement)
        except VerificationError as error:
            found.append(Check(is_good=False, sentence=str(error)))
        else:
            found.append(Check(is_good=True, sentence=sentence))
    return found
