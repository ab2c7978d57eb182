"""Sessions whose record was put back to an earlier one (CTX-07).

A row and its entries that were restored together fit together: seal and chain are genuine, only old. That more has
happened since is told by the receipts: each decision and each outcome has one, and an entry of the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count

from decisions.models import ContextEntry
from receipts.selectors.counted import receipts_in
from receipts.signing.statement import ReceiptType

_WITH_ENTRY = {ReceiptType.DECISION: "action", ReceiptType.OUTCOME: "outcome"}


def rolled_back(session_ids: Collection[str]) -> dict[str, int]:
    """Those of the sessions that lack entries, by how many. Takes no lock.

    Receipts are counted first: the entry of each that is counted was committed by the time at which entries are.
    """
    streams = {f"session/{session}": session for session in session_ids}
    told = {streams[stream]: count for stream, count in receipts_in(streams, types=_WITH_ENTRY).items()}
    entries = ContextEntry.objects.filter(session__in=told, kind__in=_WITH_ENTRY.values())
    there = dict(entries.values_list("session").annotate(Count("pk")))
    missing = {session: count - there.get(session, 0) for session, count in told.items()}
    return {session: count for session, count in missing.items() if count > 0}
