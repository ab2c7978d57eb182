"""Which checkpoints an auditor is given, so that those of last year can be compared with today's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db.models import Max
from django.db.models.functions import TruncDay

from receipts.models import Checkpoint, Export
from receipts.selectors.keys import published_jwks
from receipts.signing.checkpoint import verify_checkpoint
from receipts.signing.errors import RevokedKeyError
from receipts.signing.keys import KeySet

NEWEST: Final = 100
"""The last ones, whatever their day."""
DAYS: Final = 366
"""Of each of these the last one."""
EXPORTS: Final = 50
"""Of each of these what its reader has: the last ones that were signed until it was asked for."""
_OF_EACH_EXPORT = 3


def checkpoints_for_auditors(newest: Checkpoint) -> list[Checkpoint]:
    """One checkpoint for each chosen size, the smallest first; `newest` is the last.

    Those of revoked keys are left out: they count for nobody, and whatever they are compared with is refused with them.
    """
    keys = KeySet.from_jwks(published_jwks())
    rows = Checkpoint.objects.filter(pk__in=_chosen(newest), size__lt=newest.size).order_by("size", "id")
    by_size = {row.size: row for row in rows if _counts(row.note, keys=keys)}
    return [row for row in (*by_size.values(), newest) if _counts(row.note, keys=keys)]


def _chosen(newest: Checkpoint) -> set[int]:
    """Ids. Times only choose here; what is chosen counts by its signature."""
    until = Checkpoint.objects.filter(pk__lt=newest.pk)
    last = until.order_by("-id").values_list("id", flat=True)[:NEWEST]
    recent = until.filter(signed_at__gte=newest.signed_at - timedelta(days=DAYS))
    of_days = recent.annotate(day=TruncDay("signed_at")).order_by().values("day").annotate(last=Max("id"))
    return {*last, *of_days.values_list("last", flat=True), *_taken_away()}


def _taken_away() -> Iterator[int]:
    """Of checkpoints that earlier exports hold, as `Export.places` tells: no column says where one ended."""
    finished = Export.objects.filter(finished_at__isnull=False, places__isnull=False).order_by("-finished_at")
    for places in finished.values_list("places", flat=True)[:EXPORTS]:
        sizes = Checkpoint.objects.filter(size__lte=places).values("size").annotate(last=Max("id")).order_by("-size")
        yield from sizes.values_list("last", flat=True)[:_OF_EACH_EXPORT]


def _counts(note: str, *, keys: KeySet) -> bool:
    try:
        verify_checkpoint(note, keys=keys)
    except RevokedKeyError:
        return False
    return True
