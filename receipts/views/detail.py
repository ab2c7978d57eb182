"""One receipt: its page, its values for those who ask for them, and its envelope to take away."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from receipts import ports
from receipts.access import AUDIT, READERS, Caller, caller_of, for_people
from receipts.models import Receipt
from receipts.pages import (
    ids_in,
    kind_of,
    moments_of,
    report_of,
    sections_of,
    signature_section,
    story_of,
    values_for,
)
from receipts.pages.checks import lines_of
from receipts.pages.evidence import context_exhibit, policy_exhibit, view_exhibit
from receipts.pages.moments import Moment
from receipts.selectors import check_receipt, of_decision, opened_values, receipt_for, signed_form
from receipts.selectors.anchoring import anchors_of
from receipts.services.disclosure import disclose
from receipts.signing.canonical import canonical_bytes
from receipts.signing.errors import VerificationError
from receipts.signing.statement import Statement, parse_statement


def _statement(receipt: Receipt) -> Statement | None:
    """What the signed bytes say; nothing where they were altered so that they can't be read."""
    try:
        return parse_statement(bytes(receipt.body))
    except VerificationError:
        return None


def _said(statement: Statement | None, *, digest: str, is_open: bool) -> dict[str, Any]:
    if statement is None:
        return {"story": ("This receipt can't be read.", "Its bytes are not those of any receipt."), "sections": ()}
    body = statement.body
    names = ports.names_of(ids_in(body))
    exhibits = (
        view_exhibit(body, find=ports.shown_view, is_open=is_open),
        policy_exhibit(body, find=ports.policy_text),
        context_exhibit(body, find=ports.session_entry),
    )
    return {
        "story": story_of(statement, names=names),
        "sections": (*sections_of(body, names=names), signature_section(statement, digest=digest)),
        "exhibits": [exhibit for exhibit in exhibits if exhibit is not None],
    }


def _timeline(caller: Caller, receipt: Receipt) -> list[Moment]:
    rows = list(of_decision(caller, receipt.decision_id))
    return moments_of(rows, names=ports.names_of({row.approver_id for row in rows}))


def _page(request: HttpRequest, receipt: Receipt, *, is_open: bool) -> HttpResponse:
    caller = caller_of(request.user)
    is_auditor = request.user.has_perm(AUDIT)
    is_erased = receipt.payload is not None and receipt.payload.erased_at is not None
    values = opened_values(receipt.payload)
    envelope = canonical_bytes(signed_form(receipt)).decode()
    context = {
        "receipt": receipt,
        "kind": kind_of(receipt.type),
        "timeline": _timeline(caller, receipt),
        "report": report_of(check_receipt(receipt), is_erased=is_erased),
        "anchors": lines_of(anchors_of(receipt.pk)),
        "opened": values_for(values, kind=receipt.type, is_auditor=is_auditor),
        "is_open": is_open,
        "is_auditor": is_auditor,
        "is_erased": is_erased,
        "envelope": envelope,
        "raw": [
            {"title": "Payload as signed", "text": bytes(receipt.body).decode("utf-8", "replace")},
            {"title": "Envelope", "text": envelope},
        ],
        "keys_url": f"{settings.AARM_BASE_URL}{reverse('keys')}",
        **_said(_statement(receipt), digest=receipt.digest, is_open=is_open),
    }
    return render(request, "receipts/detail.html", context)


@for_people(*READERS)
@require_safe
def receipt_detail(request: HttpRequest, receipt_id: str) -> HttpResponse:
    """`/r/<id>`: what was signed. Values are shown to who asks for them, and that they were is on record."""
    return _page(request, receipt_for(caller_of(request.user), receipt_id), is_open=False)


@for_people(*READERS)
@require_POST
def receipt_values(request: HttpRequest, receipt_id: str) -> HttpResponse:
    """`POST /r/<id>/values`: the same page with the values behind the commitments."""
    return _page(request, disclose(caller_of(request.user), receipt_id=receipt_id), is_open=True)


@for_people(*READERS)
@require_safe
def receipt_envelope(request: HttpRequest, receipt_id: str) -> HttpResponse:
    """`/r/<id>/envelope.json`: the envelope as signed, for the offline verifier."""
    receipt = receipt_for(caller_of(request.user), receipt_id)
    return JsonResponse(signed_form(receipt), headers={"Content-Disposition": 'attachment; filename="receipt.json"'})
