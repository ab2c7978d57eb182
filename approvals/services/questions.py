"""Asking the agent or its human before one decides, and answering. Neither moves a request, nor stops its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from approvals.lifecycle.questions import HEARD, MOST_ANSWERED, MOST_OPEN, Asked
from approvals.models import Answer, ApprovalRequest, Change, Question, User
from approvals.selectors.questions import open_for
from approvals.services.administration import record_change
from approvals.services.outbox import record_event
from approvals.services.requests import locked_request, settle
from approvals.services.votes import check_person, ended
from receipts.access import Caller, caller_of
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError, not_found
from receipts.services import store_values


@dataclass(frozen=True, slots=True)
class _Said:
    """Who answers: the agent, or a person as its human."""

    caller: Caller
    person: User | None = None


def ask_question(*, approval_id: str, person: User, to: Asked, text: str) -> Question:
    """Asks on behalf of a reviewer who may decide the request.

    Raises `not_found`, `self_approval`, `not_eligible`, `cannot_ask`, and `already_resolved` or `expired`.
    """
    with transaction.atomic():
        request = locked_request(approval_id)
        at = database_now()
        state = settle(request, at=at)
        if state in HEARD:
            return _ask(request, person=person, to=to, text=text, at=at)
    raise ended(state)


def _ask(request: ApprovalRequest, *, person: User, to: Asked, text: str, at: datetime) -> Question:
    check_person(person, request=request, at=at)
    _check_room(request, to=to)
    words = store_values({"question": text}, at=at, subject=person.person_id)
    question = Question(id=new_id("qst"), request=request, to=to.value, asked_by=person, words=words.row, asked_at=at)
    question.save(force_insert=True)
    if to is Asked.AGENT:
        # So that an answer to an agent that nobody asked anything takes no statement to say so.
        ApprovalRequest.objects.filter(pk=request.pk).update(agent_questions=F("agent_questions") + 1)
    record_event(topic="question_asked", reference=request.pk)
    record_change(Change.ADDED, of=question, actor=caller_of(person), said=words, approval=request.pk)
    return question


def _check_room(request: ApprovalRequest, *, to: Asked) -> None:
    if not (request.asker if to is Asked.AGENT else request.requester):
        raise _refused(f"This request has no {to.value} that could be asked.", fix="Ask the other one, or decide.")
    if request.questions.filter(answer=None).count() >= MOST_OPEN:
        raise _refused(f"{MOST_OPEN} questions wait for an answer already.", fix="Wait for one, or decide without.")
    if request.questions.exclude(answer=None).count() >= MOST_ANSWERED:
        raise _refused(f"{MOST_ANSWERED} questions were answered already.", fix="Decide on what is known, or deny.")


def _refused(why: str, *, fix: str) -> ProblemError:
    return ProblemError("cannot_ask", status=409, why=why, fix=fix, param="to")


def answer_as_agent(*, caller: Caller, approval_id: str, question_id: str, text: str) -> Question:
    """Answers a question to the agent that asks for approval; another's request is not found.

    Raises `not_found`, `already_answered`, and `already_resolved` or `expired`.
    """
    asked = Question.objects.filter(pk=question_id, request=approval_id, to=Asked.AGENT.value)
    if not asked.filter(request__asker=caller.id).exists():
        raise not_found("question")
    return _answer(question_id, approval_id=approval_id, said=_Said(caller), text=text)


def answer_as_requester(*, person: User, question_id: str, text: str) -> Question:
    """Answers a question to the human for whom the agent acts. Raises as `answer_as_agent` does."""
    found = open_for(person).filter(pk=question_id).first()
    if found is None:
        raise not_found("question")
    return _answer(question_id, approval_id=found.request_id, said=_Said(caller_of(person), person), text=text)


def _answer(question_id: str, *, approval_id: str, said: _Said, text: str) -> Question:
    with transaction.atomic():
        request = locked_request(approval_id)
        at = database_now()
        state = settle(request, at=at)
        if state in HEARD:
            return _record(request, question_id=question_id, said=said, text=text, at=at)
    raise ended(state)


def _record(request: ApprovalRequest, *, question_id: str, said: _Said, text: str, at: datetime) -> Question:
    question = request.questions.get(pk=question_id)
    if Answer.objects.filter(question=question).exists():
        raise ProblemError(
            "already_answered", status=409, why="This question has been answered.", fix="Wait until you are asked more."
        )
    # It speaks of the session, so that it goes with the human of whom that is.
    words = store_values({"answer": text}, at=at, subject=request.snapshot.subject)
    answer = Answer(id=new_id("ans"), question=question, answered_by=said.person, words=words.row, answered_at=at)
    answer.save(force_insert=True)
    record_event(topic="question_answered", reference=request.pk)
    record_change(Change.ADDED, of=answer, actor=said.caller, said=words, approval=request.pk)
    return question
