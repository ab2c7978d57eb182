"""Announcing what was committed: at once by the process that committed it, else by whoever finds it unsent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from django.db import connection, transaction

from approvals.models import OutboxEvent
from approvals.realtime import announce
from receipts.clock import DatabaseNow, database_now

LEASE_SECONDS = 2
BATCH = 500


def _send(event_ids: Sequence[int]) -> None:
    if announce():
        OutboxEvent.objects.filter(pk__in=event_ids, sent_at__isnull=True).update(sent_at=DatabaseNow())


def record_event(*, topic: str, reference: str) -> None:
    """Part of the caller's transaction; sent once that has committed."""
    event = OutboxEvent.objects.create(topic=topic, reference=reference, created_at=DatabaseNow())
    transaction.on_commit(partial(_send, [event.pk]))


def record_events(*, topic: str, references: Sequence[str]) -> None:
    """The same for many: one message tells of all of them, since it only says "refetch"."""
    at = database_now()
    rows = [OutboxEvent(topic=topic, reference=reference, created_at=at) for reference in references]
    OutboxEvent.objects.bulk_create(rows)
    transaction.on_commit(partial(_send, [row.pk for row in rows]))


def relay_unsent() -> int:
    """Announces what its own process left unsent for longer than a lease. Returns how many events that covered.

    One message suffices for all of them, since it only says "refetch".
    """
    old = database_now() - timedelta(seconds=LEASE_SECONDS)
    with transaction.atomic():
        due = OutboxEvent.objects.filter(sent_at__isnull=True, created_at__lt=old).order_by("id")
        locked = due.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
        ids = list(locked.values_list("pk", flat=True)[:BATCH])
        if not ids or not announce():
            return 0
        return OutboxEvent.objects.filter(pk__in=ids).update(sent_at=DatabaseNow())
