"""The door for what was seen to have run. It permits nothing: its answer has neither `decision` nor `effective`."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from decisions.api.schema import ANSWERS
from decisions.intake.bodies import ObservationBody
from decisions.services.observations import observe
from receipts.access import Caller, CallerKind
from receipts.requests import read_body


class ObservationListView(APIView):
    """`POST /api/v1/observations`."""

    callers: ClassVar = {CallerKind.AGENT, CallerKind.HOST}

    @extend_schema(request=ObservationBody, responses={201: ANSWERS["observation"]}, operation_id="observe")
    def post(self, request: Request) -> HttpResponse:
        caller = request.auth
        assert isinstance(caller, Caller)
        answer = observe(caller=caller, body=read_body(request._request, ObservationBody))
        return HttpResponse(answer.content, status=answer.status, content_type="application/json")
