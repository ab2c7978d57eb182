"""Questions and answers as each side sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from approvals.lifecycle.masking import masked
from approvals.lifecycle.questions import Asked
from approvals.lifecycle.states import State
from approvals.models import Answer, ApprovalRequest, Question, User
from approvals.selectors.persons import accounts_of
from receipts.clock import DatabaseNow
from receipts.selectors import opened_values
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question with its answer, if there is one. Both texts are as they came; empty where they were erased."""

    id: str
    to: str
    by: str
    text: str
    at: datetime
    answer: str
    answered_at: datetime | None


def questions_about(request: ApprovalRequest) -> list[ShownQuestion]:
    """In the order in which they were asked."""
    found = request.questions.select_related("asked_by", "words", "answer__words").order_by("asked_at", "id")
    return [_one(row) for row in found]


def questions_to_agent(request: ApprovalRequest) -> list[JSON]:
    """What the agent whose action waits is asked, as its decision's answer says it. It isn't told who asks."""
    found = request.questions.filter(to=Asked.AGENT.value).select_related("words", "answer")
    return [
        {
            "id": row.pk,
            "text": _asked(row),
            "asked_at": row.asked_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "answered": hasattr(row, "answer"),
        }
        for row in found.order_by("asked_at", "id")
    ]


def _asked(row: Question) -> str:
    return str(opened_values(row.words).get("question", ""))


def _one(row: Question) -> ShownQuestion:
    answer: Answer | None = getattr(row, "answer", None)
    return ShownQuestion(
        id=row.pk,
        to=row.to,
        by=row.asked_by.get_full_name() or row.asked_by.get_username(),
        text=_asked(row),
        at=row.asked_at,
        answer=str(opened_values(answer.words).get("answer", "")) if answer else "",
        answered_at=answer.answered_at if answer else None,
    )


def open_for(person: User) -> QuerySet[Question]:
    """What waits for this person's answer, as the human for whom an agent acts, soonest to expire first."""
    named = Q()
    for account in accounts_of([person]).values():
        named |= Q(request__requester__iexact=account.get_username())
        named |= Q(request__requester__iexact=account.email) if account.email.strip() else Q()
    waiting = Q(request__state=State.PENDING.value, request__expires_at__gt=DatabaseNow())
    rows = Question.objects.filter(named, to=Asked.REQUESTER.value, answer=None)
    rows = rows.filter(waiting | Q(request__state=State.HELD.value))
    return rows.select_related("request__snapshot", "asked_by", "words").order_by("request__expires_at", "asked_at")


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question as its requester reads it, with what their agent is about to do."""

    question: ShownQuestion
    row: ApprovalRequest
    consequence: str


def open_questions(person: User) -> list[OpenQuestion]:
    """At most so many as a person would answer at once."""
    return [
        OpenQuestion(
            question=_one(row), row=row.request, consequence=str(masked(row.request.shown).get("consequence", ""))
        )
        for row in open_for(person)[:50]
    ]


def question_answers(found: Iterable[ShownQuestion]) -> list[JSON]:
    """The question objects of the API for people."""
    return [
        {
            "id": each.id,
            "to": each.to,
            "by": each.by,
            "question": each.text,
            "asked_at": each.at.isoformat(),
            "answer": each.answer if each.answered_at else None,
            "answered_at": each.answered_at.isoformat() if each.answered_at else None,
        }
        for each in found
    ]
