"""What is kept about one person, handed out over HTTP for that person; on record before the first line leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import ClassVar

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from receipts.access import ERASE, Caller, CallerKind
from receipts.services.erasure import Actor
from receipts.services.subject_export import export_subject

JSON_LINES = "application/x-ndjson"
LINES_AT_A_TIME = 100


async def _pieces(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Some lines at a time: of an iterator that isn't asynchronous all would be read before the first is sent."""
    taken = sync_to_async(lambda: b"".join(islice(lines, LINES_AT_A_TIME)))
    while piece := await taken():
        yield piece


class SubjectExportView(APIView):
    """`POST /api/v1/subjects/{subject}/export`: a POST, because it leaves a receipt of who was shown what."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = (ERASE,)

    @extend_schema(request=None, responses={(200, JSON_LINES): OpenApiTypes.STR}, operation_id="subject_export")
    def post(self, request: Request, subject: str) -> StreamingHttpResponse:
        caller = request.auth
        assert isinstance(caller, Caller)
        lines = export_subject(subject, actor=Actor(person=caller.id))
        headers = {"Content-Disposition": 'attachment; filename="values.jsonl"'}
        return StreamingHttpResponse(_pieces(lines), content_type=JSON_LINES, headers=headers)
