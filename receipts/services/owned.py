"""What the background verifier holds against receipts because whoever owns the tables could write it: keys, what was
erased, and what was copied out. Anything that no receipt and no place outside bears out is an alarm."""

from __future__ import annotations

from collections.abc import Collection

import structlog
from django.conf import settings

from receipts.models import AlarmCode
from receipts.selectors.erased import unexplained
from receipts.selectors.key_history import key_faults
from receipts.selectors.taken import missing_copies
from receipts.services.alarms import MOST_TOLD, acknowledged_subjects, mark_sound, raise_alarm
from receipts.signers import SignerError
from receipts.signing.errors import SigningError

log = structlog.get_logger(__name__)


def check_keys() -> None:
    """Raises an alarm for each key whose row says something else than signed receipts do."""
    try:
        faults = key_faults()
    except (SignerError, SigningError) as error:
        # Nobody can say now; nothing is signed meanwhile either.
        log.warning("keys_not_checked", error_kind=type(error).__name__)
        return
    for fault in faults:
        raise_alarm(AlarmCode.KEY, subject=fault.key_id, sentence=fault.sentence, found=fault.found.encode())
    for key_id in acknowledged_subjects(AlarmCode.KEY) - {fault.key_id for fault in faults}:
        mark_sound(key_id)


def check_copies() -> None:
    """Raises an alarm for each place outside that lacks a copy that it is said to have taken."""
    for copy in missing_copies(settings.AARM_CHECKPOINT_SINKS):
        kind = copy.sink.partition(":")[0]
        sentence = f"A checkpoint of {copy.claimed} receipts was copied to {kind}, which has none above {copy.there}."
        raise_alarm(AlarmCode.COPIES, subject=f"copies in {kind}", sentence=sentence, found=str(copy.claimed).encode())


def check_values(receipt_ids: Collection[str]) -> None:
    """Raises an alarm for each of these receipts whose values are gone without a receipt of an erasure."""
    for receipt_id in sorted(unexplained(receipt_ids))[:MOST_TOLD]:
        sentence = f"Receipt {receipt_id}: Its values are gone, and no receipt of an erasure says why."
        raise_alarm(AlarmCode.VALUES, subject=receipt_id, sentence=sentence)
