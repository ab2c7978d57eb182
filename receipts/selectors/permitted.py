"""Which of a receipt's values are for whom: one table for the page, the API and whatever comes after them."""

from __future__ import annotations

from receipts.signing.statement import ReceiptType

# Auditors see everything. Reviewers see of actions that they voted on what they could see then: nothing that isn't
# named here, so neither words among auditors, nor what an evaluation knew of the session, nor what a tool returned.
_PREFIXES_FOR_REVIEWERS = ("parameters/", "asked/")
_FOR_REVIEWERS = frozenset({"explanation", "modifications", "reason"})
_KINDS_FOR_AUDITORS = frozenset({ReceiptType.OUTCOME.value})


def is_permitted(path: str, *, kind: str, is_auditor: bool) -> bool:
    """Whether this reader may see the value at `path` of a receipt of that type."""
    if is_auditor:
        return True
    is_named = path in _FOR_REVIEWERS or path.startswith(_PREFIXES_FOR_REVIEWERS)
    return is_named and kind not in _KINDS_FOR_AUDITORS
