"""Which acknowledgements of alarms count: those that a receipt says. Anybody who owns the table can write the row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from receipts.models import Alarm, Receipt
from receipts.selectors.key_history import trusted_keys
from receipts.selectors.verification import envelope_of
from receipts.signing.envelope import PAYLOAD_TYPE, pae
from receipts.signing.errors import SigningError
from receipts.signing.statement import ReceiptType, parse_statement

LOG_STREAM = "system/log"


def receipted(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Those of these acknowledged alarms whose acknowledgement was signed, by a key that is trusted."""
    alarms = list(alarms)
    if not alarms:
        return []
    rows = Receipt.objects.filter(stream=LOG_STREAM, type=ReceiptType.RECOVERY.value)
    wanted = rows.filter(issued_at__in={alarm.acknowledged_at for alarm in alarms})
    said = [entry for receipt in wanted for entry in _acknowledged_in(receipt)]
    return [alarm for alarm in alarms if any(_is_of(entry, alarm) for entry in said)]


def said_of_alarm(alarm: Alarm) -> dict[str, Any]:
    """What the receipt of an acknowledgement names: another finding about the same subject is another alarm."""
    return {"code": alarm.code, "subject": alarm.subject, **({"found": alarm.found} if alarm.found else {})}


def _is_of(entry: Mapping[str, Any], alarm: Alarm) -> bool:
    # Receipts of before named no finding.
    return {"found": alarm.found, **entry} == {"found": alarm.found, **said_of_alarm(alarm)}


def _acknowledged_in(receipt: Receipt) -> list[Mapping[str, Any]]:
    envelope = envelope_of(receipt)
    try:
        key = trusted_keys().find(envelope.key_id)
        key.verify(pae(PAYLOAD_TYPE, envelope.payload), signature=envelope.signature)
        body: Mapping[str, Any] = parse_statement(envelope.payload).body
    except SigningError:
        return []
    return list(body.get("recovery", {}).get("alarms", ()))
