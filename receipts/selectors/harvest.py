"""Reading very many receipts in order, a slice at a time, so that memory doesn't grow with them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from receipts.models import LogEntry, Receipt

SLICE = 1000


def in_order_of_time(rows: QuerySet[Receipt]) -> Iterator[Receipt]:
    """Oldest first, each with its log entry, if it has one."""
    ordered = rows.select_related(None).select_related("entry").order_by("issued_at", "id")
    beyond = Q()
    while True:
        found = list(ordered.filter(beyond)[:SLICE])
        yield from found
        if len(found) < SLICE:
            return
        last = found[-1]
        beyond = Q(issued_at__gte=last.issued_at) & (Q(issued_at__gt=last.issued_at) | Q(pk__gt=last.pk))


def in_order_of_log(size: int) -> Iterator[Receipt]:
    """The receipts of the first `size` leaves."""
    for start in range(0, size, SLICE):
        end = min(start + SLICE, size)
        entries = LogEntry.objects.filter(leaf_index__gte=start, leaf_index__lt=end).order_by("leaf_index")
        yield from (entry.receipt for entry in entries.select_related("receipt"))
