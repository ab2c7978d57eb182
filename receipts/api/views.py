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
from receipts.selectors import (
    matching,
    page_of,
    published_jwks,
    receipt_answer,
    receipt_for,
    signed_form,
    visible_to,
)
from receipts.selectors.search import FILTERS

_RESULT: dict[str, Any] = {"type": "object", "required": ["id"], "additionalProperties": True}
_RESULTS: dict[str, Any] = {
    "title": "Receipts",
    "type": "object",
    "required": ["results", "next"],
    "properties": {"results": {"type": "array", "items": _RESULT}, "next": {"type": ["string", "null"]}},
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


class ReceiptListView(APIView):
    """`GET /api/v1/receipts`."""

    callers: ClassVar = {CallerKind.AGENT, CallerKind.USER}
    user_permissions: ClassVar = READERS

    @extend_schema(
        parameters=[OpenApiParameter(name, OpenApiTypes.STR) for name in (*FILTERS, "q", "cursor")],
        responses={200: _RESULTS},
        operation_id="receipts",
    )
    def get(self, request: Request) -> Response:
        caller = request.auth
        assert isinstance(caller, Caller)
        query = request.query_params.dict()
        page, following = page_of(matching(visible_to(caller), query=query), cursor=query.get("cursor", ""))
        return Response({"results": [receipt_answer(row) for row in page], "next": following})


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
