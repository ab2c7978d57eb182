"""The end of the time for which values are kept: they go month by month, except those of people under a legal hold.

Rows are blanked in slices, each in a transaction of its own that looks for holds again, so that nobody waits for long.
The keys go last, in one statement, and with them what lies in backups; whatever stops this before is gone on with.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from receipts.clock import database_now
from receipts.erasers import Ender, enders
from receipts.models import Payload, Receipt, SubjectKey
from receipts.selectors.privacy import held_subjects
from receipts.selectors.subject_keys import forget_keys
from receipts.services.erasure import (
    EVERYBODY,
    Actor,
    blank_payloads,
    privacy_receipt,
    require_no_hold,
    take_turn,
)
from receipts.services.sealing import month_of
from receipts.signing.canonical import JSON

RETENTION_ENDED = "retention_ended"
SLICE = 500
_SCHEDULE = Actor(login="AARM_PAYLOAD_RETENTION_MONTHS")


def end_retention(before: str, *, actor: Actor) -> Receipt:
    """Destroys the values of all months before this one (`2026-11`), except those of subjects under a legal hold.

    Raises `legal_hold` where one stands for everybody.
    """
    blanked: Mapping[str, Ender] = {"payloads": _end_payloads, **enders()}
    counts = {name: _in_slices(end, before=before) for name, end in blanked.items()}
    with transaction.atomic():
        held = retention_turn()
        counts["keys"] = keys_before(before, held=held).delete()[0]
        transaction.on_commit(forget_keys)
        said: dict[str, JSON] = {"ground": RETENTION_ENDED, "before": before, "held": len(held)}
        return privacy_receipt("erasure", {**said, "rows": dict(counts)}, actor=actor)


def end_due_retention() -> Receipt | None:
    """What the setting asks for, if there is anything to do. With a hold on everybody there is not."""
    months: int = settings.AARM_PAYLOAD_RETENTION_MONTHS
    held = held_subjects()
    if not months or EVERYBODY in held:
        return None
    before = months_back(database_now(), months=months)
    return end_retention(before, actor=_SCHEDULE) if keys_before(before, held=held).exists() else None


def months_back(at: datetime, *, months: int) -> str:
    """The first month that stays when this many months before the present one are kept, as `2026-11`."""
    present = at.astimezone(UTC)
    year, month = divmod(present.year * 12 + present.month - 1 - months, 12)
    return f"{year:04d}-{month + 1:02d}"


def _in_slices(end: Ender, *, before: str) -> int:
    moment, total = start_of(before), 0
    while True:
        with transaction.atomic():
            ended = end(moment, retention_turn())
        if not ended:
            return total
        total += ended


def start_of(month: str) -> datetime:
    """The first moment of a month, in UTC."""
    return datetime.strptime(f"{month}-01+0000", "%Y-%m-%d%z")


def retention_turn() -> Collection[str]:
    """Who is held, while no hold can come between. Raises `legal_hold` where everybody is."""
    take_turn()
    require_no_hold(EVERYBODY)
    return held_subjects()


def keys_before(before: str, *, held: Collection[str]) -> QuerySet[SubjectKey]:
    """The keys of all months before this one, except those of held subjects."""
    return SubjectKey.objects.filter(month__lt=before).exclude(subject__in=held)


def _end_payloads(before: datetime, held: Collection[str]) -> int:
    keys = keys_before(month_of(before), held=held)
    found = list(
        Payload.objects.filter(key_id__in=keys.values("id"), erased_at=None).values_list("pk", flat=True)[:SLICE]
    )
    return blank_payloads(found, held=held)
