"""Whether a page of results could be missing something: its stretch of the log, read and compared.

A search finds by columns that repeat what was signed. Where a column was altered, a row is no longer found, or found by
what it doesn't say; where a row was removed, the log has a leaf too many. Both show in the log, whose leaves are fixed
by signed checkpoints: every receipt between the first and the last row of the page is digested again, held against its
leaf, and its columns against its bytes. Then what the page left out, it left out because nobody asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from receipts.models import LogEntry, Receipt
from receipts.selectors.verification import altered_columns, envelope_of
from receipts.signing.errors import VerificationError
from receipts.signing.merkle import HASH_LENGTH, leaf_hash
from receipts.signing.statement import parse_statement

MOST = 200
"""A page is not kept waiting for more; how many were left out is said."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`compared` of the `stretch` leaves from the page's first to its last row, the newest first.

    `absent` leaves have no receipt any more, and `altered` are ids of receipts that are not what was signed.
    """

    stretch: int
    compared: int
    absent: int
    altered: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Nothing was found, which is no word about what was not compared."""
        return not self.absent and not self.altered


def _is_altered(entry: LogEntry) -> bool:
    receipt = entry.receipt
    try:
        statement = parse_statement(bytes(receipt.body))
    except VerificationError:
        return True
    digest = bytes.fromhex(envelope_of(receipt).digest.removeprefix("sha256:"))
    is_leaf = leaf_hash(digest) == bytes(entry.nodes)[:HASH_LENGTH]
    return not is_leaf or bool(altered_columns(receipt, statement=statement))


def reconciled(rows: Sequence[Receipt]) -> Reconciled | None:
    """The stretch of the log in which these rows lie; None where none of them is in the log yet."""
    places = list(LogEntry.objects.filter(receipt__in=rows).values_list("leaf_index", flat=True))
    if not places:
        return None
    first, last = min(places), max(places)
    compared = min(last - first + 1, MOST)
    chosen = LogEntry.objects.filter(leaf_index__gt=last - compared, leaf_index__lte=last).select_related("receipt")
    entries = list(chosen)
    altered = tuple(sorted(entry.receipt_id for entry in entries if _is_altered(entry)))
    return Reconciled(stretch=last - first + 1, compared=compared, absent=compared - len(entries), altered=altered)
