"""What never ran ends sooner: once a month its values are blanked, as soon as they are older than their own months.

The keys stay until their months end, for what the same people left by actions that did run is under them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from receipts.clock import database_now
from receipts.erasers import end_unrun
from receipts.models import Receipt
from receipts.selectors.erased import NEVER_RAN
from receipts.selectors.privacy import held_subjects, said_of
from receipts.services.erasure import EVERYBODY, PRIVACY_STREAM, Actor, privacy_receipt
from receipts.services.retention import SLICE, keys_before, months_back, retention_turn, start_of
from receipts.services.sealing import month_of
from receipts.signing.canonical import JSON
from receipts.signing.statement import ReceiptType

# What is permitted at once counts as having run, whether or not that was reported.
UNDECIDED_OR_DENIED = ("DENY", "STEP_UP", "DEFER")
_SCHEDULE = Actor(login="AARM_DENIED_RETENTION_MONTHS")


def end_due_unrun() -> Receipt | None:
    """What the setting asks for this month, unless that was done, nothing is so old, or everybody is held."""
    months: int = settings.AARM_DENIED_RETENTION_MONTHS
    held = held_subjects()
    if not months or EVERYBODY in held:
        return None
    before = months_back(database_now(), months=months)
    if _is_done(before) or not keys_before(before, held=held).exists():
        return None
    total = sum(_ended(decisions) for decisions in _slices(start_of(before)))
    with transaction.atomic():
        held = retention_turn()
        said: dict[str, JSON] = {"ground": NEVER_RAN, "before": before, "held": len(held), "rows": {"payloads": total}}
        return privacy_receipt("erasure", said, actor=_SCHEDULE)


def _is_done(before: str) -> bool:
    """Whether a receipt of this month says so."""
    stream = Receipt.objects.filter(stream=PRIVACY_STREAM, issued_at__gte=start_of(month_of(database_now())))
    said = (said_of(receipt) for receipt in stream.order_by("-position").iterator(SLICE))
    return any((each.get("ground"), each.get("before")) == (NEVER_RAN, before) for each in said)


def _slices(before: datetime) -> Iterator[list[str]]:
    """The decisions that may not have led to anything, oldest first, found along the index of times."""
    asked = Q(type=ReceiptType.DECISION.value, decision__in=UNDECIDED_OR_DENIED, issued_at__lt=before)
    rows = Receipt.objects.filter(asked).order_by("issued_at", "id").values_list("issued_at", "id", "decision_id")
    beyond = Q()
    while found := list(rows.filter(beyond)[:SLICE]):
        yield [decision for _, _, decision in found]
        at, last, _ = found[-1]
        beyond = Q(issued_at__gte=at) & (Q(issued_at__gt=at) | Q(pk__gt=last))


def _ended(decisions: list[str]) -> int:
    with transaction.atomic():
        return end_unrun(decisions, retention_turn())
