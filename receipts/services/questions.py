"""What auditors asked can name people: it goes with them, and so do the files that say it.

A question is also erased with whoever asked it, and with its month: it repeats what the receipt of the export keeps
sealed. That an export was made stays on record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from receipts.erasers import Ender, Eraser
from receipts.models import Export, ExportState, Receipt, SavedView
from receipts.selectors.mentions import mentioned
from receipts.selectors.privacy import held_subjects
from receipts.services.erasure import blank_payloads
from receipts.services.exports import path_of
from receipts.signing.statement import ReceiptType

SLICE = 500


def erase_exports(subject: str) -> int:
    """The questions of exports, what their receipts keep of them, and their files; not those of who is held."""
    who = mentioned(subject)
    asked = Export.objects.exclude(question="").exclude(owner__person_id__in=held_subjects())
    asked = asked.select_related("owner").order_by("pk")
    found = [row for row in asked.iterator(SLICE) if row.owner.person_id == subject or who.is_in(row.question)]
    _erase_recorded([row.finished_at for row in found if row.finished_at])
    return _forget(found)


def erase_views(subject: str) -> int:
    """The questions that were saved, except by who is held."""
    who, saved = mentioned(subject), SavedView.objects.exclude(owner__person_id__in=held_subjects())
    rows = saved.select_related("owner").order_by("pk").iterator(SLICE)
    found = [row.pk for row in rows if row.owner.person_id == subject or who.is_in(f"{row.name} {row.question}")]
    SavedView.objects.filter(pk__in=found).delete()
    return len(found)


def end_exports(before: datetime, held: Collection[str]) -> int:
    """The questions of months that are over."""
    over = Export.objects.exclude(question="").filter(requested_at__lt=before)
    return _forget(list(over.exclude(owner__person_id__in=held).order_by("pk")[:SLICE]))


def _forget(exports: Sequence[Export]) -> int:
    """An empty question alone would say that everything was asked for, so the state says what happened."""
    keys = [export.pk for export in exports]
    # What fails then is swept up within the hour: no export stands for these files any more.
    transaction.on_commit(lambda: _drop_files(exports), robust=True)
    return Export.objects.filter(pk__in=keys).update(question="", state=ExportState.ERASED)


def _drop_files(exports: Sequence[Export]) -> None:
    for export in exports:
        path_of(export).unlink(missing_ok=True)


def _erase_recorded(moments: Collection[datetime]) -> None:
    """The sealed words of the receipts of exports. Of two that ended at once one may be somebody's who is held."""
    issued = Q(type=ReceiptType.EXPORT.value, issued_at__in=moments)
    recorded = Receipt.objects.filter(issued, payload__isnull=False).values_list("payload_id", flat=True)
    blank_payloads(list(recorded), held=held_subjects())


ERASERS: Mapping[str, Eraser] = {"exports": erase_exports, "saved_views": erase_views}
"""By the names under which the receipt of an erasure counts them."""
ENDERS: Mapping[str, Ender] = {"exports": end_exports}
