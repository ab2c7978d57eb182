"""What people said when they held, erased or handed out values, or took up a log again: sealed, and about anybody.

A command's words are nobody's in particular, and an admin's are the admin's; an erasure of the person whom they name
takes them as well, since auditors could open them.
"""

from __future__ import annotations

from receipts.models import Receipt
from receipts.sealing import SealingError
from receipts.selectors.mentions import Mentioned, mentioned
from receipts.selectors.privacy import held_subjects, said_of
from receipts.selectors.values import opened_values
from receipts.services.erasure import blank_payloads
from receipts.signing.statement import ReceiptType

SLICE = 500
_KINDS = (ReceiptType.ERASURE.value, ReceiptType.DISCLOSURE.value, ReceiptType.RECOVERY.value)
_HOLDS = ("hold_placed", "hold_released")


def erase_words(subject: str) -> int:
    """The reasons and logins that name the person, and every reason of a hold on the person."""
    who = mentioned(subject)
    rows = Receipt.objects.filter(type__in=_KINDS, payload__isnull=False, payload__erased_at=None)
    spoken = rows.select_related("payload").order_by("pk").iterator(SLICE)
    found = [row.payload_id for row in spoken if row.payload_id and _tells_of(row, who)]
    return blank_payloads(found, held=held_subjects())


def _tells_of(receipt: Receipt, who: Mentioned) -> bool:
    return _is_hold_on(receipt, who.subject) or any(who.is_in(str(value)) for value in _words_in(receipt))


def _is_hold_on(receipt: Receipt, subject: str) -> bool:
    if receipt.type != ReceiptType.ERASURE.value:
        return False
    said = said_of(receipt)
    return said["what"] in _HOLDS and said.get("subject") == subject


def _words_in(receipt: Receipt) -> tuple[object, ...]:
    """What was altered opens for nobody, so it tells nobody anything."""
    try:
        return tuple(opened_values(receipt.payload).values())
    except SealingError:
        return ()
