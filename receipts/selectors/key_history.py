"""The keys that this installation may trust of those that a table names: the table's rows are anybody's who owns it.

The stream `system/keys` tells each key's beginning and end, signed. Whoever holds no private key can add a row, or take
an end out of one, but no receipt. The walk begins at the key that signed the log's first receipt, which checkpoints
outside fix; each later key is introduced by one that is trusted already, or its private half is in our own key ring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from receipts.models import LogEntry, PublishedKey, Receipt
from receipts.selectors.keys import active_key_id, is_in_ring
from receipts.selectors.verification import envelope_of
from receipts.signing.envelope import PAYLOAD_TYPE, pae
from receipts.signing.errors import SigningError
from receipts.signing.keys import KeySet
from receipts.signing.statement import ReceiptType, Statement, parse_statement
from receipts.signing.times import format_time

KEY_STREAM = "system/keys"
_ENDS = ("retired_at", "retired_size", "revoked_at", "revoked_size")


@dataclass(frozen=True, slots=True)
class KeyFault:
    """What is wrong with a key's row; `found` is what it says."""

    key_id: str
    sentence: str
    found: str


@dataclass(slots=True)
class _Told:
    """What receipts tell of a key: its JWK as it was introduced, None of the first one, and how it ended."""

    jwk: Mapping[str, Any] | None = None
    ends: dict[str, Any] = field(default_factory=dict)


def trusted_keys() -> KeySet:
    """The published keys that the walk leads to, as if none had ended. Raises KeyFormatError where there is none."""
    rows = {row.pk: row for row in PublishedKey.objects.all()}
    return _key_set([rows[key_id] for key_id in _walk(rows).keys() & rows.keys()])


def key_faults() -> list[KeyFault]:
    """Each row of a key that receipts don't bear out. What changes while it is looked at is looked at again."""
    found = _faults()
    return [fault for fault in _faults() if fault in found] if found else []


def _faults() -> list[KeyFault]:
    rows = {row.pk: row for row in PublishedKey.objects.all()}
    told = _walk(rows)
    faults = [(key_id, _fault_of(row, told.get(key_id))) for key_id, row in sorted(rows.items())]
    faults += [(key_id, "Its row is gone.") for key_id in sorted(told.keys() - rows.keys())]
    return [
        KeyFault(key_id, f"Key {key_id}: {why}", repr(_said_by(rows[key_id])) if key_id in rows else "")
        for key_id, why in faults
        if why
    ]


def _fault_of(row: PublishedKey, told: _Told | None) -> str:
    if told is None:
        return "No receipt of a key that is trusted introduces it."
    said = _said_by(row)
    if told.jwk is not None and {**said, **dict.fromkeys(_ENDS)} != {**told.jwk, **dict.fromkeys(_ENDS)}:
        return "It is not the one that was introduced."
    if {name: said[name] for name in _ENDS} != {**dict.fromkeys(_ENDS), **told.ends}:
        return "Its end is not the one that was signed."
    return ""


def _said_by(row: PublishedKey) -> dict[str, Any]:
    """What a row says, as a JWK with every end that there can be."""
    moments = {"created_at": row.created_at, "retired_at": row.retired_at, "revoked_at": row.revoked_at}
    return {**dict.fromkeys(_ENDS), **row.jwk, **{name: at and format_time(at) for name, at in moments.items()}}


def _walk(rows: Mapping[str, PublishedKey]) -> dict[str, _Told]:
    first = LogEntry.objects.filter(pk=0).values_list("receipt__key_id", flat=True).first()
    root = first or Receipt.objects.filter(stream=KEY_STREAM, position=1).values_list("key_id", flat=True).first()
    root = root or active_key_id()
    told = {root: _Told()} if root else {}
    # What signs now was not smuggled in if we hold it; so an operator's word always counts.
    active = active_key_id()
    if active and active != root and is_in_ring(active):
        told[active] = _Told()
    for receipt in Receipt.objects.filter(stream=KEY_STREAM).order_by("position").iterator():
        for statement in _statements(receipt, told=told, rows=rows):
            _follow(statement, told=told)
    return told


def _statements(
    receipt: Receipt, *, told: Mapping[str, _Told], rows: Mapping[str, PublishedKey]
) -> Iterator[Statement]:
    """What it says, if a trusted key says so that had not ended; other receipts say nothing here."""
    row, envelope = rows.get(receipt.key_id), envelope_of(receipt)
    if row is None:
        return
    try:
        key = _key_set([row]).find(receipt.key_id)
        key.verify(pae(PAYLOAD_TYPE, envelope.payload), signature=envelope.signature)
        statement = parse_statement(envelope.payload)
    except SigningError:
        return
    signer = told.get(receipt.key_id)
    if not signer.ends if signer else _speaks_for_itself(statement):
        yield statement


def _speaks_for_itself(statement: Statement) -> bool:
    """The old key was lost; that it is ours then shows by its private half."""
    body: Mapping[str, Any] = statement.body
    is_own = statement.type is ReceiptType.KEY_CREATED and body.get("key", {}).get("key_id") == statement.key_id
    return is_own and is_in_ring(statement.key_id)


def _follow(statement: Statement, *, told: dict[str, _Told]) -> None:
    said: Mapping[str, Any] = statement.body.get("key") or {}  # type: ignore[assignment]
    known = told.setdefault(str(said.get("key_id")), _Told())
    at = format_time(statement.issued_at)
    if statement.type is ReceiptType.KEY_CREATED:
        known.jwk = said.get("jwk")
    elif statement.type is ReceiptType.KEY_RETIRED:
        known.ends |= {"retired_at": at, "retired_size": said.get("log_size")}
    elif statement.type is ReceiptType.KEY_REVOKED:
        known.ends |= {"revoked_at": at, "revoked_size": said.get("log_size")}


def _key_set(rows: list[PublishedKey]) -> KeySet:
    return KeySet.from_jwks({"keys": [row.jwk for row in rows]})
