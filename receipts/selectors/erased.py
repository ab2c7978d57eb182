"""Whether values that are gone went by an erasure: who owns the tables can blank a row, but sign no receipt of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from receipts.clock import database_now
from receipts.models import Receipt, SubjectKey
from receipts.selectors.privacy import privacy_receipts, said_of

NEVER_RAN = "never_ran"
# The end of retention blanks slice by slice and says so after the last one.
UNFINISHED = timedelta(hours=2)


@dataclass(slots=True)
class _Erasures:
    """What receipts account for: whole subjects, single payloads of others, and months by what ended them."""

    subjects: set[str] = field(default_factory=set)
    payloads: set[str] = field(default_factory=set)
    before: dict[str, str] = field(default_factory=dict)


def unexplained(receipt_ids: Collection[str]) -> list[str]:
    """Those of these receipts whose values are gone, or can't be opened any more, without a receipt that says why."""
    gone = _gone(receipt_ids)
    if not gone:
        return []
    erasures = _erasures()
    began = _beginnings({row.decision_id for row in gone if row.decision_id})
    return [row.pk for row in gone if not _is_explained(row, erasures=erasures, began=began)]


def _gone(receipt_ids: Collection[str]) -> Sequence[Receipt]:
    has_key = Exists(SubjectKey.objects.filter(pk=OuterRef("payload__key_id")))
    # Blanked without a time, or by a row that says a time to come, nothing is being ended at this moment.
    now = database_now()
    is_recent = Q(payload__content=None, payload__erased_at__gt=now - UNFINISHED, payload__erased_at__lte=now)
    rows = Receipt.objects.filter(pk__in=receipt_ids, payload__isnull=False).exclude(is_recent)
    return list(rows.filter(Q(payload__content=None) | ~has_key).select_related("payload").defer("payload__content"))


def _erasures() -> _Erasures:
    found = _Erasures()
    for receipt in privacy_receipts().order_by("pk").iterator():
        said = said_of(receipt)
        if said["what"] != "erasure":
            continue
        if "subject" in said:
            found.subjects.add(said["subject"])
            found.payloads.update(said.get("others", ()))
        else:
            ground = said["ground"]
            found.before[ground] = max(found.before.get(ground, ""), said["before"])
    return found


def _beginnings(decisions: Collection[str]) -> dict[str, datetime]:
    """When these actions were decided: what was said of one later ends with it."""
    rows = Receipt.objects.filter(decision_id__in=decisions, type="decision")
    return dict(rows.values_list("decision_id", "issued_at"))


def _is_explained(row: Receipt, *, erasures: _Erasures, began: dict[str, datetime]) -> bool:
    assert row.payload is not None
    subject = row.payload.subject
    # The payload's row may have been given to somebody who was erased; whose values they were is in the signed bytes.
    if subject in erasures.subjects and subject.encode() in bytes(row.body):
        return True
    if row.payload_id in erasures.payloads:
        return True
    times = dict.fromkeys(erasures.before, row.issued_at)
    if row.decision_id and NEVER_RAN in times:
        times[NEVER_RAN] = began.get(row.decision_id, row.issued_at)
    return any(f"{times[ground].astimezone(UTC):%Y-%m}" < before for ground, before in erasures.before.items())
