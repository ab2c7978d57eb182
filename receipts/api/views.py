"""Receipts over HTTP: search, the envelope as signed, and the keys that verify it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from receipts.access import READERS, Caller, CallerKind
from receipts.clock import database_now
from receipts.ports import named
from receipts.selectors import (
    PARAMETERS,
    Asking,
    matching,
    page_of,
    published_jwks,
    question_of,
    receipt_answer,
    receipt_for,
    signed_form,
    visible_to,
)
from receipts.services.searches import record_search

_RESULT: dict[str, Any] = {"type": "object", "required": ["id"], "additionalProperties": True}
_RESULTS: dict[str, Any] = {
    "title": "Receipts",
    "type": "object",
    "required": ["results", "next", "previous"],
    "properties": {
        "results": {"type": "array", "items": _RESULT},
        "next": {"type": ["string", "null"]},
        "previous": {"type": ["string", "null"]},
    },
}
_ENVELOPE: dict[str, Any] = {
    "title": "Envelope",
    "type": "object",
    "required": ["payloadType", "payload", "signatures"],
    "properties": {
        "payloadType": {"type": "string"},
        "payload": {"type": "string"},
        "signatures": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    },
}


def _nobody(beginning: str) -> dict[str, str]:
    """For an agent names are not resolved: it could learn by trying whom an id stands for."""
    return {}


class ReceiptListView(APIView):
    """`GET /api/v1/receipts`."""

    callers: ClassVar = {CallerKind.AGENT, CallerKind.USER}
    user_permissions: ClassVar = READERS

    @extend_schema(
        parameters=[OpenApiParameter(name, OpenApiTypes.STR) for name in (*PARAMETERS, "q", "cursor")],
        responses={200: _RESULTS},
        operation_id="receipts",
    )
    def get(self, request: Request) -> Response:
        caller = request.auth
        assert isinstance(caller, Caller)
        query = request.query_params.dict()
        question = question_of(query, besides=frozenset({"cursor"}))
        record_search(caller, question=question)
        asking = Asking(at=database_now(), find=named if caller.user else _nobody)
        found = matching(visible_to(caller), question=question, asking=asking)
        page = page_of(found, cursor=query.get("cursor", ""))
        answers = [receipt_answer(row) for row in page.rows]
        return Response({"results": answers, "next": page.next, "previous": page.previous})


class ReceiptDetailView(APIView):
    """`GET /api/v1/receipts/{id}`: the envelope, ready for the offline verifier."""

    callers: ClassVar = {CallerKind.AGENT, CallerKind.USER}
    user_permissions: ClassVar = READERS

    @extend_schema(responses={200: _ENVELOPE}, operation_id="receipt")
    def get(self, request: Request, receipt_id: str) -> Response:
        caller = request.auth
        assert isinstance(caller, Caller)
        return Response(signed_form(receipt_for(caller, receipt_id)))


@require_safe
def keys_view(request: HttpRequest) -> JsonResponse:
    """`GET /.well-known/aarm/keys.json`: public keys are for everybody."""
    return JsonResponse(published_jwks())
