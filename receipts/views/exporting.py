"""Exports: asked for, watched while they are written, and taken away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from receipts.access import AUDIT, for_people
from receipts.forms import ExportForm
from receipts.models import Export
from receipts.problems import ProblemError
from receipts.selectors.exports import exports_of
from receipts.services.exports import path_of, ready_export, request_export

CHUNK_BYTES = 256 * 1024


@for_people(AUDIT)
@require_safe
def export_list(request: HttpRequest) -> HttpResponse:
    """`/receipts/exports`: the reader's own, the newest first. It asks for itself again while one is being written."""
    exports = exports_of(request.user)
    context = {"exports": exports, "is_waiting": any(export.is_unfinished for export in exports)}
    return render(request, "receipts/exports.html", context)


@for_people(AUDIT)
@require_POST
def export_request(request: HttpRequest) -> HttpResponse:
    """`POST /receipts/exports/new`"""
    form = ExportForm(request.POST)
    if not form.is_valid():
        raise ProblemError("invalid_form", status=400, why="The question is too long.", fix="Ask with fewer words.")
    asked = form.cleaned_data
    request_export(request.user, question=asked["question"], has_contexts=asked["contexts"])
    return HttpResponseRedirect(reverse("receipts:exports"), status=303)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    """The file in pieces. An iterator that isn't asynchronous would be read to its end before the first is sent."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield piece


def _file_name(export: Export) -> str:
    return f"receipts-{export.requested_at:%Y-%m-%d}-{export.pk[-6:]}.zip"


@for_people(AUDIT)
@require_safe
def export_file(request: HttpRequest, export_id: str) -> StreamingHttpResponse:
    """`/receipts/exports/<id>.zip`"""
    export = ready_export(request.user, export_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{_file_name(export)}"',
        "Content-Length": str(export.size),
        "X-Content-SHA256": export.digest,
    }
    return StreamingHttpResponse(_chunks(path_of(export)), content_type="application/zip", headers=headers)
