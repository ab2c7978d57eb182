"""A session: its steps, and the chains of its entries and its receipts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from receipts import ports
from receipts.access import AUDIT, Caller, caller_of, for_people
from receipts.models import Receipt
from receipts.pages.sessions import session_page
from receipts.ports import SessionRecord
from receipts.problems import not_found
from receipts.selectors import of_session, opened_values
from receipts.selectors.sessions import chain_length
from receipts.services.disclosure import disclose_session

MOST_RECEIPTS = 5000
MOST_DIGITS = 10


def _place(query: QueryDict) -> int | None:
    """The step before which the stretch ends; anything else is the newest."""
    text = query.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < MOST_DIGITS else None


def _of_stretch(caller: Caller, record: SessionRecord) -> QuerySet[Receipt]:
    """An entry and its receipt have the same time. How an action ended after the stretch, its own receipt says."""
    rows = of_session(caller, record.id)
    if not record.entries:
        return rows
    if record.start:
        rows = rows.filter(issued_at__gte=record.entries[0].at)
    return rows if record.end == record.length else rows.filter(issued_at__lte=record.entries[-1].at)


def _context(request: HttpRequest, session_id: str) -> dict[str, Any]:
    before, only = _place(request.GET), request.GET.get("only", "")
    record = ports.session_record(session_id, before=before)
    if record is None:
        raise not_found("session")
    return {
        "record": record,
        "page": session_page(
            record,
            receipts=_of_stretch(caller_of(request.user), record)[:MOST_RECEIPTS],
            length=chain_length(f"session/{session_id}"),
            only=only,
            before="" if before is None else str(before),
            names=ports.names_of({record.agent, record.human}),
        ),
        "is_erased": record.request.erased_at is not None,
    }


@for_people(AUDIT)
@require_safe
def session_detail(request: HttpRequest, session_id: str) -> HttpResponse:
    """`/s/<id>`: what happened, without anybody's words."""
    return render(request, "receipts/session.html", _context(request, session_id))


@for_people(AUDIT)
@require_safe
def session_newer(request: HttpRequest, session_id: str) -> JsonResponse:
    """`/s/<id>/newer?after=…`: how many steps have come since, for the script that offers or shows them."""
    after = request.GET.get("after", "")
    known = int(after) if after.isascii() and after.isdigit() and len(after) < MOST_DIGITS else 0
    return JsonResponse({"count": max(ports.session_length(session_id) - known, 0), "is_more": False})


@for_people(AUDIT)
@require_POST
def session_request(request: HttpRequest, session_id: str) -> HttpResponse:
    """`POST /s/<id>/request`: the same page with the original request, and a receipt of who was shown it."""
    context = _context(request, session_id)
    disclose_session(caller_of(request.user), session_id=session_id)
    context["request_text"] = opened_values(context["record"].request).get("text", "")
    return render(request, "receipts/session.html", context)
