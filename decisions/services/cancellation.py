"""Withdrawing an action that is still undecided."""

from __future__ import annotations

from approvals.services.requests import cancel_request
from decisions.models import Decision
from decisions.selectors import approval_of, decision_for
from decisions.services.deferrals import cancel_deferral
from receipts.access import Caller


def cancel_decision(*, caller: Caller, decision_id: str) -> Decision:
    """The decision as it is afterwards.

    What was resolved before stays as it is; nothing is an error but another's id.
    """
    decision = decision_for(caller, decision_id)
    cancel_deferral(decision)
    approval = approval_of(decision_for(caller, decision_id))
    if approval is not None:
        cancel_request(approval_id=approval.pk, resolution=f"withdrawn_by_{caller.kind.value}")
    return decision_for(caller, decision_id)
