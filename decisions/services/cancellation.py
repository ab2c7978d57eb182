"""Withdrawing an action that is still undecided."""

from __future__ import annotations

from approvals.services.requests import cancel_request
from decisions.models import Decision
from decisions.selectors import decision_for, deferral_of
from decisions.services.deferrals import cancel_deferral
from receipts.access import Caller


def cancel_decision(*, caller: Caller, decision_id: str) -> Decision:
    """The decision as it is afterwards.

    What was resolved before stays as it is; nothing is an error but another's id.
    """
    decision = decision_for(caller, decision_id)
    cancel_deferral(decision)
    deferral = deferral_of(decision)
    approval_id = decision.approval_id or (deferral.approval_id if deferral else None)
    if approval_id:
        cancel_request(approval_id=approval_id, resolution=f"withdrawn_by_{caller.kind.value}")
    return decision_for(caller, decision_id)
