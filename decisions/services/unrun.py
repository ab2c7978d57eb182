"""What actions leave that nobody permitted, or that nobody claimed: it is kept for a shorter time."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from approvals.services.erasure import forget_likeness, snapshots_of
from decisions.engine.verdict import Effective
from decisions.models import Decision
from decisions.selectors.standing import effective_at
from receipts.clock import database_now
from receipts.selectors.privacy import left_by
from receipts.services.erasure import blank_payloads


def end_unrun(decisions: Collection[str], held: Collection[str]) -> int:
    """Answers `receipts.erasers.UnrunEnder`.

    With a decision go what its requests showed, what reviewers wrote there, and what requests are told apart by. Where
    one request answered several decisions and one of them was claimed, it stays.
    """
    unrun = _unrun(decisions)
    receipts = left_by(unrun)
    shown = snapshots_of({approval for _, approval, _ in receipts if approval})
    ran = {decision for decision, approval, _ in receipts if approval and shown[approval] is None}
    ended = [(approval, payload) for decision, approval, payload in receipts if decision not in ran]
    approvals = {approval for approval, _ in ended if approval}
    payloads = {payload for _, payload in ended if payload} | {shown[approval] for approval in approvals}
    blanked = blank_payloads({*unrun.values(), *filter(None, payloads)}, held=held)
    forget_likeness(approvals)
    return blanked


def _unrun(decisions: Collection[str]) -> Mapping[str, str]:
    """Those of them that never ran and will not, with their payloads.

    What was seen to run all the same has been observed, and that keeps values of its own.
    """
    at = database_now()
    rows = Decision.objects.filter(pk__in=decisions, claim=None, outcomes=None)
    found = rows.select_related("approval", "deferral__approval", "claim")
    return {row.pk: row.payload_id for row in found if effective_at(row, at=at) is Effective.DENY}
