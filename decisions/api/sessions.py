"""Looking into a session: the doors of its agent and host, and of people who audit."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from decisions.api.schema import ANSWERS, CURSOR
from decisions.selectors import entries_of, session_summary, verification_of
from decisions.services.sessions import session_of
from receipts.access import AUDIT, Caller, CallerKind


def _caller(request: Request) -> Caller:
    caller = request.auth
    assert isinstance(caller, Caller)
    return caller


class _SessionView(APIView):
    callers: ClassVar = {CallerKind.AGENT, CallerKind.HOST, CallerKind.USER}
    user_permissions: ClassVar = {AUDIT}


class SessionDetailView(_SessionView):
    """`GET /api/v1/sessions/{id}`."""

    @extend_schema(responses={200: ANSWERS["session"]}, operation_id="session")
    def get(self, request: Request, session_id: str) -> Response:
        return Response(session_summary(session_of(caller=_caller(request), session_id=session_id)))


class SessionEntriesView(_SessionView):
    """`GET /api/v1/sessions/{id}/entries`."""

    @extend_schema(responses={200: ANSWERS["entries"]}, parameters=[CURSOR], operation_id="session_entries")
    def get(self, request: Request, session_id: str) -> Response:
        session = session_of(caller=_caller(request), session_id=session_id)
        return Response(entries_of(session, after=request.query_params.get("cursor", "")))


class SessionVerificationView(_SessionView):
    """`GET /api/v1/sessions/{id}/verification`: the chain is followed again, now, so many entries at a time."""

    @extend_schema(responses={200: ANSWERS["verification"]}, parameters=[CURSOR], operation_id="session_verification")
    def get(self, request: Request, session_id: str) -> Response:
        session = session_of(caller=_caller(request), session_id=session_id)
        return Response(verification_of(session, after=request.query_params.get("cursor", "")))
