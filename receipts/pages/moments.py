"""The receipts of one decision as moments: what was asked, who answered and how they were known, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from receipts.models import Receipt
from receipts.pages.bodies import Body, Names, text_at
from receipts.pages.stories import VOTES, kind_of
from receipts.signing.errors import VerificationError
from receipts.signing.statement import ReceiptType, parse_statement


@dataclass(frozen=True, slots=True)
class Moment:
    """A receipt on the line; `said` is what it came to, empty where its bytes can't be read."""

    id: str
    kind: str
    at: datetime
    said: str


def _vote(body: Body, names: Names) -> str:
    person = text_at(body, "vote.approver")
    verdict = VOTES.get(text_at(body, "vote.verdict"), "answered").split()[0]
    surface, proof = text_at(body, "vote.surface"), text_at(body, "vote.verified_by")
    return f"{names.get(person, person)} {verdict} on {surface or 'web'}" + (f", known by {proof}" if proof else "")


def _member(path: str) -> Callable[[Body, Names], str]:
    return lambda body, names: text_at(body, path)


_SAID: Mapping[str, Callable[[Body, Names], str]] = {
    ReceiptType.DECISION: _member("decision.result"),
    ReceiptType.VOTE: _vote,
    ReceiptType.APPROVAL_TERMINAL: _member("outcome.status"),
    ReceiptType.DEFERRAL_TERMINAL: _member("outcome.status"),
    ReceiptType.OUTCOME: _member("outcome.status"),
}


def _said(receipt: Receipt, *, names: Names) -> str:
    tell = _SAID.get(receipt.type)
    if tell is None:
        return ""
    try:
        return tell(parse_statement(bytes(receipt.body)).body, names)
    except VerificationError:
        return ""


def moments_of(receipts: Iterable[Receipt], *, names: Names) -> list[Moment]:
    """In the order in which they are given."""
    return [Moment(row.pk, kind_of(row.type), row.issued_at, _said(row, names=names)) for row in receipts]
