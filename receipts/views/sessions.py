"""A session: its steps, and the chains of its entries and its receipts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from receipts import ports
from receipts.access import AUDIT, caller_of, for_people
from receipts.models import Receipt
from receipts.pages.bodies import text_at
from receipts.pages.sessions import FILTERS, session_page
from receipts.problems import not_found
from receipts.selectors import of_session, opened_values
from receipts.selectors.sessions import chain_length
from receipts.services.disclosure import disclose_session
from receipts.signing.errors import VerificationError
from receipts.signing.statement import ReceiptType, parse_statement

MOST_RECEIPTS = 5000


def _places(receipts: Iterable[Receipt]) -> dict[tuple[str, str], str]:
    """From (kind, position or decision) of an entry to the receipt that was issued with it, by the signed bytes."""
    found: dict[tuple[str, str], str] = {}
    for receipt in receipts:
        try:
            body = parse_statement(bytes(receipt.body)).body
        except VerificationError:
            continue
        if receipt.type == ReceiptType.DECISION:
            # An action that a broken record denied has no entry of its own.
            found.setdefault(("decision", text_at(body, "context.position")), receipt.pk)
        elif receipt.type == ReceiptType.OUTCOME:
            found["outcome", text_at(body, "decision.id")] = receipt.pk
        elif receipt.type == ReceiptType.SESSION_ENDED:
            found["end", ""] = receipt.pk
    return found


def _context(request: HttpRequest, session_id: str) -> dict[str, Any]:
    record = ports.session_record(session_id)
    if record is None:
        raise not_found("session")
    receipts = list(of_session(caller_of(request.user), session_id)[:MOST_RECEIPTS])
    only = request.GET.get("only", "")
    return {
        "record": record,
        "page": session_page(
            record,
            receipts=receipts,
            places=_places(receipts),
            length=chain_length(f"session/{session_id}"),
            only=only,
            names=ports.names_of({record.agent, record.human}),
        ),
        "only": only,
        "filters": FILTERS.items(),
        "is_erased": record.request.erased_at is not None,
    }


@for_people(AUDIT)
@require_safe
def session_detail(request: HttpRequest, session_id: str) -> HttpResponse:
    """`/s/<id>`: what happened, without anybody's words."""
    return render(request, "receipts/session.html", _context(request, session_id))


@for_people(AUDIT)
@require_POST
def session_request(request: HttpRequest, session_id: str) -> HttpResponse:
    """`POST /s/<id>/request`: the same page with the original request, and a receipt of who was shown it."""
    context = _context(request, session_id)
    disclose_session(caller_of(request.user), session_id=session_id)
    context["request_text"] = opened_values(context["record"].request).get("text", "")
    return render(request, "receipts/session.html", context)
