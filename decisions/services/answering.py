"""Answering what a reviewer asks about an action that waits for them."""

from __future__ import annotations

from approvals.services.questions import answer_as_agent
from decisions.models import Decision
from decisions.selectors import approval_of, decision_for
from receipts.access import Caller
from receipts.problems import not_found


def answer_question(*, caller: Caller, decision_id: str, question_id: str, text: str) -> Decision:
    """The decision as it is afterwards: what the agent says decides nothing.

    Raises `not_found`, `already_answered`, and `already_resolved` or `expired`.
    """
    approval = approval_of(decision_for(caller, decision_id))
    if approval is None:
        raise not_found("question")
    answer_as_agent(caller=caller, approval_id=approval.pk, question_id=question_id, text=text)
    return decision_for(caller, decision_id)
