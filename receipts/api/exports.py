"""Exports over HTTP: asked for, and looked at until they can be fetched."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, ConfigDict, Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from receipts.access import AUDIT, Caller, CallerKind
from receipts.models import Export, ExportState
from receipts.requests import read_body
from receipts.selectors.exports import export_for
from receipts.selectors.grammar import MAX_LENGTH
from receipts.services.exports import request_export

_EXPORT: dict[str, Any] = {
    "title": "Export",
    "type": "object",
    "required": ["id", "state", "question", "contexts", "receipts", "url"],
    "properties": {
        "id": {"type": "string"},
        "state": {"type": "string", "enum": list(ExportState.values)},
        "question": {"type": "string"},
        "contexts": {"type": "boolean"},
        "receipts": {"type": "integer", "description": "How many are written."},
        "digest": {"type": "string"},
        "url": {"type": ["string", "null"], "description": "Where the finished bundle is fetched."},
    },
}


class ExportBody(BaseModel):
    """`POST /api/v1/receipts/export`: the question, in the language of the search; nothing asks for everything.

    With `contexts` the entries of the sessions that the receipts name leave too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[str, Field(max_length=MAX_LENGTH)] = ""
    contexts: bool = False


def _answer(export: Export) -> dict[str, Any]:
    is_ready = export.state == ExportState.READY
    return {
        "id": export.pk,
        "state": export.state,
        "question": export.question,
        "contexts": export.has_contexts,
        "receipts": export.written,
        "url": reverse("receipts:export-file", args=[export.pk]) if is_ready else None,
        **({"digest": export.digest} if export.digest else {}),
    }


def _user(request: Request) -> Any:
    caller = request.auth
    assert isinstance(caller, Caller)
    return caller.user


class ExportCreateView(APIView):
    """`POST /api/v1/receipts/export`."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = (AUDIT,)

    @extend_schema(request=ExportBody, responses={202: _EXPORT}, operation_id="receipts_export")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, ExportBody)
        export = request_export(_user(request), question=body.q, has_contexts=body.contexts)
        return Response(_answer(export), status=202)


class ExportDetailView(APIView):
    """`GET /api/v1/receipts/exports/{id}`."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = (AUDIT,)

    @extend_schema(responses={200: _EXPORT}, operation_id="receipts_export_state")
    def get(self, request: Request, export_id: str) -> Response:
        return Response(_answer(export_for(_user(request), export_id)))
