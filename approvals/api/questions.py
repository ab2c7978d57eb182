"""Before one decides: saying that one is looking, and asking. Agents answer at the decision that waits."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.api.bodies import QuestionBody, ReviewClaimBody
from approvals.selectors import request_for
from approvals.selectors.looking import reader_answers, readers_of
from approvals.selectors.questions import question_answers, questions_about
from approvals.selectors.roster import REVIEW
from approvals.services.looking import look_at, look_away
from approvals.services.people import Person
from approvals.services.questions import ask_question
from receipts.access import CallerKind
from receipts.clock import database_now
from receipts.requests import read_body

QUESTIONS: dict[str, Any] = {
    "title": "Questions",
    "type": "object",
    "required": ["questions"],
    "additionalProperties": True,
}
LOOKING: dict[str, Any] = {
    "title": "Looking",
    "type": "object",
    "required": ["looking"],
    "additionalProperties": True,
}


class ApprovalQuestionView(APIView):
    """`POST /api/v1/approvals/{id}/questions`: asks, and answers with all that was asked."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = (REVIEW,)

    @extend_schema(request=QuestionBody, responses={201: QUESTIONS}, operation_id="approval_question")
    def post(self, request: Request, approval_id: str) -> Response:
        person = request.user
        assert isinstance(person, Person)
        body = read_body(request._request, QuestionBody)
        row = request_for(person, approval_id)
        ask_question(approval_id=row.pk, person=person, to=body.to, text=body.question)
        return Response({"questions": question_answers(questions_about(row))}, status=201)


class ApprovalReviewClaimView(APIView):
    """`POST /api/v1/approvals/{id}/claim-review`: answers with everybody who is looking. It has no authority."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = (REVIEW,)

    @extend_schema(request=ReviewClaimBody, responses={200: LOOKING}, operation_id="approval_claim_review")
    def post(self, request: Request, approval_id: str) -> Response:
        person = request.user
        assert isinstance(person, Person)
        body = read_body(request._request, ReviewClaimBody) if request._request.body else ReviewClaimBody()
        row = request_for(person, approval_id)
        (look_at if body.looking else look_away)(approval_id=row.pk, person=person)
        readers = readers_of([row], at=database_now()).get(row.pk, ())
        return Response({"looking": reader_answers(readers)})
