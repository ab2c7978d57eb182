"""Showing the values behind a receipt's commitments: who looked is itself on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from receipts.access import Caller
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.selectors.permitted import is_permitted
from receipts.selectors.search import receipt_for, sees_all
from receipts.selectors.values import disclosure_of
from receipts.services.issuing import issue_receipt
from receipts.signing.canonical import JSON
from receipts.signing.statement import ReceiptType, parse_statement

ACCESS_STREAM = "system/access"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a reader is shown of a receipt: what opens its commitments, as a verifier takes it, and what is withheld.

    A path whose value was erased has null.
    """

    receipt: str
    opened: dict[str, JSON]
    withheld: tuple[str, ...]


def disclose(caller: Caller, *, receipt_id: str) -> Receipt:
    """Records that this caller is shown the values of a receipt, and returns it. Raises `not_found`."""
    with transaction.atomic():
        receipt = receipt_for(caller, receipt_id)
        _record(caller, of={"receipt": receipt.pk})
    return receipt


def disclose_values(caller: Caller, *, receipt_id: str) -> Disclosure:
    """What opens the commitments of a receipt, as far as this caller may see it, and a record of that.

    Raises `not_found`.
    """
    receipt = disclose(caller, receipt_id=receipt_id)
    commitments = parse_statement(bytes(receipt.body)).commitments
    opened = disclosure_of(receipt.payload, commitments=commitments)
    shown = {path: opened[path] for path in sorted(opened) if _is_for(caller, path=path, receipt=receipt)}
    return Disclosure(receipt=receipt.pk, opened=shown, withheld=tuple(sorted(opened.keys() - shown.keys())))


def _is_for(caller: Caller, *, path: str, receipt: Receipt) -> bool:
    return is_permitted(path, kind=receipt.type, is_auditor=sees_all(caller))


def disclose_session(caller: Caller, *, session_id: str) -> None:
    """Records that this caller, who may see the session, is shown its original request."""
    with transaction.atomic():
        _record(caller, of={"session": session_id})


def disclose_approval(caller: Caller, *, approval_id: str) -> None:
    """Records that this caller, who may decide or audit the request, is shown what its page covers."""
    with transaction.atomic():
        _record(caller, of={"approval": approval_id})


def _record(caller: Caller, *, of: Mapping[str, str]) -> None:
    body = {"actor": {"person": caller.id}, "disclosure": dict(of)}
    issue_receipt(type=ReceiptType.DISCLOSURE, stream=ACCESS_STREAM, body=body, at=database_now())
