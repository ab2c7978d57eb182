"""Finding receipts: whose they are, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from receipts.access import AUDIT, Caller, CallerKind
from receipts.models import Receipt
from receipts.problems import not_found
from receipts.selectors.fields import FIELDS
from receipts.selectors.grammar import Question, is_term, known_key, parse_question
from receipts.selectors.index import INDEX
from receipts.selectors.text import exactly, narrowed
from receipts.selectors.verification import envelope_of
from receipts.signing.statement import ReceiptType

PARAMETERS = tuple(FIELDS)
"""The contract's search parameters. Each is a term of the question that `q` asks in words."""


def sees_all(caller: Caller) -> bool:
    """Whether no receipt is hidden from this caller."""
    return caller.user is not None and caller.user.has_perm(AUDIT)


def visible_to(caller: Caller) -> QuerySet[Receipt]:
    """An agent's own; a reviewer's those of actions that they voted on; everything for auditors."""
    rows = Receipt.objects.select_related("payload")
    if caller.kind is CallerKind.AGENT:
        return narrowed(rows.filter(agent_id=caller.id), clauses=[exactly("agent_id", caller.id)])
    if sees_all(caller):
        return rows
    if caller.kind is not CallerKind.USER:
        return rows.none()
    votes = Receipt.objects.filter(approver_id=caller.id, type=ReceiptType.VOTE.value)
    voted = narrowed(votes, clauses=[exactly("approver_id", caller.id)])
    return rows.filter(decision_id__in=voted.values("decision_id")).exclude(decision_id="")


def receipt_for(caller: Caller, receipt_id: str) -> Receipt:
    """One receipt that this caller may see."""
    found = visible_to(caller).filter(pk=receipt_id).first()
    if found is None:
        raise not_found("receipt")
    return found


def of_decision(caller: Caller, decision_id: str) -> QuerySet[Receipt]:
    """What this caller may see of everything that was signed about one decision, oldest first."""
    rows = visible_to(caller)
    return rows.filter(decision_id=decision_id).order_by("stream", "position") if decision_id else rows.none()


def of_session(caller: Caller, session_id: str) -> QuerySet[Receipt]:
    """What this caller may see of everything that was signed about one session, in the order of its chain."""
    return visible_to(caller).filter(session_id=session_id).order_by("position")


def question_of(query: Mapping[str, str], *, besides: frozenset[str] = frozenset()) -> Question:
    """What a query string asks; names in `besides` mean something else. Raises as `parse_question` does."""
    question = parse_question(query.get("q", ""))
    for name, value in query.items():
        if name != "q" and name not in besides and value:
            question = question.having(is_term(known_key(name), value))
    return question


def receipt_answer(receipt: Receipt) -> dict[str, Any]:
    """A search result: the index, without the values behind the commitments."""
    names = ("id", "type", "stream", "position", "digest", *sorted(INDEX))
    return {name: getattr(receipt, name) for name in names} | {"issued_at": receipt.issued_at.isoformat()}


def signed_form(receipt: Receipt) -> dict[str, object]:
    """The envelope as signed."""
    return envelope_of(receipt).to_dict()
