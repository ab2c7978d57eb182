"""Receipts that are neither in the log nor waiting for their place there."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from receipts.models import LogEntry, Receipt, Unsequenced


def unplaced(*, after: str = "", upto: str = "") -> QuerySet[Receipt]:
    """Those with ids beyond `after` and up to `upto`, where these are given.

    In one statement: what moves from the queue into the log meanwhile is seen in one of them.
    """
    # The bounds are said of both tables, so that no more of either is read than lies between them.
    leaf = LogEntry.objects.filter(_between("receipt_id", after=after, upto=upto), receipt_id=OuterRef("pk"))
    waiting = Unsequenced.objects.filter(receipt_id=OuterRef("pk"))
    return Receipt.objects.filter(_between("pk", after=after, upto=upto), ~Exists(leaf), ~Exists(waiting))


def _between(column: str, *, after: str, upto: str) -> Q:
    bounds = {f"{column}__gt": after, f"{column}__lte": upto}
    return Q(**{condition: bound for condition, bound in bounds.items() if bound})
