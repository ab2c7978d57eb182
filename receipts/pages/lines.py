"""A receipt as a line of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from receipts.models import Receipt
from receipts.pages.columns import USUAL, more_of
from receipts.pages.stories import ids_in, kind_of, story_of
from receipts.signing.errors import VerificationError
from receipts.signing.statement import Statement, parse_statement


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A receipt in a list, with the names behind its ids; `fault` says why it is not what was signed.

    `about` tells in a sentence what is no action; `more` are title and value of what else was asked for.
    """

    receipt: Receipt
    kind: str
    agent: str
    human: str
    voter: str
    fault: str = ""
    about: str = ""
    more: Sequence[tuple[str, str]] = ()


def _statement(receipt: Receipt) -> Statement | None:
    """What was signed, of a receipt whose columns name no action; nothing where it can't be read."""
    try:
        return None if receipt.tool else parse_statement(bytes(receipt.body))
    except VerificationError:
        return None


def named_in(receipt: Receipt) -> set[str]:
    """The ids that its line may have names for."""
    statement = _statement(receipt)
    return {receipt.agent_id, receipt.human_id, receipt.approver_id, *(ids_in(statement.body) if statement else ())}


def _about(receipt: Receipt, *, names: Mapping[str, str]) -> str:
    statement = _statement(receipt)
    told = story_of(statement, names=names)[0] if statement else ""
    return "" if told == f"{kind_of(receipt.type)}." else told


def line_of(
    receipt: Receipt, *, names: Mapping[str, str], fault: str = "", columns: Sequence[str] = USUAL
) -> ReceiptLine:
    """The line of one receipt."""
    return ReceiptLine(
        receipt=receipt,
        kind=kind_of(receipt.type),
        agent=names.get(receipt.agent_id, receipt.agent_id),
        human=names.get(receipt.human_id, receipt.human_id),
        voter=names.get(receipt.approver_id, receipt.approver_id),
        fault=fault,
        about=_about(receipt, names=names),
        more=more_of(receipt, chosen=columns),
    )
