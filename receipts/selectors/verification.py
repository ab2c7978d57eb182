"""What the server itself can say of a stored receipt. An outsider does the same without us: `receipts.signing`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from receipts.models import LogEntry, Receipt
from receipts.selectors.erased import unexplained
from receipts.selectors.index import index_of
from receipts.selectors.keys import published_jwks
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


def _check_predecessor(receipt: Receipt, statement: Statement) -> None:
    if receipt.position == 1:
        return
    before = Receipt.objects.filter(stream=receipt.stream, position=receipt.position - 1).first()
    if before is None or envelope_of(before).digest != statement.previous:
        raise BrokenChainError("The receipt before this one is missing or was altered.", position=receipt.position)


def altered_columns(receipt: Receipt, *, statement: Statement) -> list[str]:
    """The names of the columns that don't repeat what was signed."""
    wanted: dict[str, object] = {
        **index_of(statement.body),
        "type": statement.type,
        "stream": statement.stream,
        "position": statement.position,
        "id": statement.id,
        "issued_at": statement.issued_at,
    }
    return [name for name, value in wanted.items() if getattr(receipt, name) != value]


def _check_index(receipt: Receipt, statement: Statement) -> None:
    wrong = altered_columns(receipt, statement=statement)
    if wrong or receipt.digest != envelope_of(receipt).digest:
        raise TamperedError(f"Searchable columns differ from what was signed: {', '.join(wrong) or 'digest'}.")


def _check_values(receipt: Receipt, statement: Statement) -> None:
    if unexplained([receipt.pk]):
        raise TamperedError("The values are gone, and no receipt of an erasure says why.")
    verify_disclosure(statement, disclosure_of(receipt.payload, commitments=statement.commitments))


def leaf_indexes(rows: Iterable[Receipt]) -> dict[str, int]:
    """Where receipts stand in the log, by their ids; for those of a revoked key that is what counts."""
    wanted = [row.pk for row in rows]
    return dict(LogEntry.objects.filter(receipt_id__in=wanted).values_list("receipt_id", "leaf_index"))


def faults_in(rows: Iterable[Receipt]) -> dict[str, str]:
    """What is wrong with each of the listed rows whose bytes aren't what was signed, or not what the list shows."""
    rows, keys, found = list(rows), KeySet.from_jwks(published_jwks()), {}
    places = leaf_indexes(rows)
    for row in rows:
        try:
            _check_index(row, verify_receipt(envelope_of(row), keys=keys, leaf_index=places.get(row.pk)))
        except VerificationError as error:
            found[row.pk] = str(error)
    return found


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
        keys, place = KeySet.from_jwks(published_jwks()), leaf_indexes([receipt]).get(receipt.pk)
        statement = verify_receipt(envelope_of(receipt), keys=keys, leaf_index=place)
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
