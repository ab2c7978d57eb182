"""A database that lacks what was copied out of it issues nothing until an operator says that they know.

The log then says so for ever, in a receipt of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from receipts.clock import database_now
from receipts.models import Alarm, Receipt
from receipts.problems import ProblemError
from receipts.selectors.acknowledgements import LOG_STREAM, said_of_alarm
from receipts.selectors.log import log_size, open_alarms
from receipts.selectors.outside import Divergence, divergence, now_known
from receipts.services.alarms import HALTING, raise_alarm
from receipts.services.issuing import issue_receipt
from receipts.services.payloads import store_values
from receipts.signing.proofs import digest_text
from receipts.signing.statement import ReceiptType
from receipts.signing.times import format_time


def compare_with_outside() -> bool:
    """Whether the database still has what was copied out of it; raises an alarm that stops receipts if not."""
    return _is_in_accord(settings.AARM_CHECKPOINT_SINKS)


def compare_with_folder() -> bool:
    """As `compare_with_outside`, without the places that may take long to answer."""
    return _is_in_accord(settings.AARM_CHECKPOINT_SINKS[:1])


def _is_in_accord(sinks: Sequence[str]) -> bool:
    found = divergence(sinks)
    if found is not None:
        raise_alarm(found.code, subject=found.subject, sentence=found.sentence)
    return found is None


def acknowledge_loss(*, actor: str, reason: str) -> Receipt:
    """Lets receipts be issued again, the first of which tells of the loss (FLT-28). Raises `nothing_lost`."""
    with transaction.atomic():
        found = divergence(settings.AARM_CHECKPOINT_SINKS)
        if found is not None:
            raise_alarm(found.code, subject=found.subject, sentence=found.sentence)
        halting = open_alarms().filter(code__in=HALTING)
        if not halting.exists():
            raise ProblemError(
                "nothing_lost", status=409, why="The database lacks nothing that was copied out.", fix="Nothing to do."
            )
        return _acknowledge(list(halting), divergence=found, actor=actor, reason=reason)


def acknowledge_alarm(alarm_id: int, *, actor: str, reason: str) -> Receipt:
    """Lets checkpoints be signed again although something was altered. Raises `not_found`."""
    with transaction.atomic():
        found = list(open_alarms().filter(pk=alarm_id).exclude(code__in=HALTING))
        if not found:
            raise ProblemError(
                "not_found",
                status=404,
                why="No such alarm is open.",
                fix="See ./run receipts log; a loss has acknowledge-loss.",
            )
        return _acknowledge(found, divergence=None, actor=actor, reason=reason)


def _acknowledge(alarms: list[Alarm], *, divergence: Divergence | None, actor: str, reason: str) -> Receipt:
    at = database_now()
    Alarm.objects.filter(pk__in=[alarm.pk for alarm in alarms]).update(acknowledged_at=at)
    # Who and why are words of a person, which may have to be erased.
    words = store_values({"/recovery/reason": reason, "/recovery/actor": actor}, at=at)
    facts: dict[str, Any] = {
        "alarms": [said_of_alarm(alarm) for alarm in alarms],
        "log_size": log_size(),
    }
    if divergence is not None and divergence.checkpoint is not None:
        said = divergence.checkpoint
        facts["outside"] = {
            "size": said.size,
            "root": digest_text(said.root),
            "signed_at": format_time(said.signed_at),
            "note": divergence.subject,
        }
    body = {"recovery": facts, "commitments": dict(words.commitments)}
    with now_known(frozenset(alarm.subject for alarm in alarms if alarm.is_halting)):
        return issue_receipt(type=ReceiptType.RECOVERY, stream=LOG_STREAM, body=body, at=at, payload=words)
