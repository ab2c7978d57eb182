"""The kill switch's doors, for people: stopping what agents do, and letting it go on."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.selectors.roster import REVIEW
from approvals.services.people import Person
from decisions.api.bodies import PauseBody, SessionPauseBody
from decisions.api.schema import PAUSES
from decisions.models import Scope
from decisions.selectors.pauses import ended_pauses, pause_answer, standing_pauses
from decisions.services.pauses import EVERYTHING, Target, pause_actions, resume_actions, resume_target, target_named
from receipts.access import AUDIT, CallerKind
from receipts.problems import ProblemError
from receipts.requests import read_body


def _person(request: Request) -> Person:
    user = request.user
    assert isinstance(user, Person)
    return user


class _PauseView(APIView):
    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar[tuple[str, ...]] = (REVIEW, EVERYTHING)


class PauseListView(_PauseView):
    """`/api/v1/pauses`: what is stopped, and what was; a POST stops."""

    user_permissions: ClassVar[tuple[str, ...]] = (REVIEW, EVERYTHING, AUDIT)

    @extend_schema(responses={200: PAUSES["list"]}, operation_id="pauses")
    def get(self, request: Request) -> Response:
        rows = (*standing_pauses(), *ended_pauses())
        return Response({"results": [pause_answer(row) for row in rows], "next": None})

    @extend_schema(request=PauseBody, responses={201: PAUSES["pause"]}, operation_id="pause")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, PauseBody)
        scope = Scope(body.scope)
        if scope is Scope.EVERYTHING and body.confirm != scope:
            raise ProblemError(
                "confirmation_required",
                status=409,
                why="This stops every agent.",
                fix='Send `"confirm": "everything"` if that is meant.',
                param="confirm",
            )
        target = target_named(scope, name=body.name)
        return Response(pause_answer(pause_actions(target, reason=body.reason, actor=_person(request))), status=201)


class PauseResumeView(_PauseView):
    """`POST /api/v1/pauses/{id}/resume`."""

    @extend_schema(request=None, responses={200: PAUSES["pause"]}, operation_id="pause_resume")
    def post(self, request: Request, pause_id: str) -> Response:
        return Response(pause_answer(resume_actions(pause_id, actor=_person(request))))


class SessionPauseView(_PauseView):
    """`POST /api/v1/sessions/{id}/pause`."""

    @extend_schema(request=SessionPauseBody, responses={201: PAUSES["pause"]}, operation_id="session_pause")
    def post(self, request: Request, session_id: str) -> Response:
        body = read_body(request._request, SessionPauseBody)
        target = _session(session_id)
        return Response(pause_answer(pause_actions(target, reason=body.reason, actor=_person(request))), status=201)


class SessionResumeView(_PauseView):
    """`POST /api/v1/sessions/{id}/resume`: ends the pause of this session alone; wider ones go on."""

    @extend_schema(request=None, responses={200: PAUSES["pause"]}, operation_id="session_resume")
    def post(self, request: Request, session_id: str) -> Response:
        return Response(pause_answer(resume_target(_session(session_id), actor=_person(request))))


def _session(session_id: str) -> Target:
    return target_named(Scope.SESSION, name=session_id)
