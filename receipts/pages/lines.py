"""A receipt as a line of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from receipts.models import Receipt
from receipts.pages.stories import kind_of


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A receipt in a list, with the names behind its ids; `fault` says why it is not what was signed."""

    receipt: Receipt
    kind: str
    agent: str
    human: str
    voter: str
    fault: str = ""


def line_of(receipt: Receipt, *, names: Mapping[str, str], fault: str = "") -> ReceiptLine:
    """The line of one receipt."""
    return ReceiptLine(
        receipt=receipt,
        kind=kind_of(receipt.type),
        agent=names.get(receipt.agent_id, receipt.agent_id),
        human=names.get(receipt.human_id, receipt.human_id),
        voter=names.get(receipt.approver_id, receipt.approver_id),
        fault=fault,
    )
