"""The receipt pages: search, one receipt, and its envelope to take away."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from receipts.access import AUDIT, READERS, Caller, caller_of, for_people
from receipts.models import Receipt
from receipts.pages import KINDS, VERDICTS, ids_in, line_of, report_of, sections_of, story_of, values_for
from receipts.ports import names_of
from receipts.problems import ProblemError
from receipts.selectors import (
    check_receipt,
    matching,
    of_decision,
    opened_values,
    page_of,
    receipt_for,
    signed_form,
    visible_to,
)
from receipts.signing.canonical import canonical_bytes
from receipts.signing.errors import VerificationError
from receipts.signing.statement import ReceiptType, Statement, parse_statement

# The filters that the form shows only when it is opened; kind and decision are always there.
MORE_FILTERS = {
    "tool": "Tool",
    "operation": "Operation",
    "outcome": "Outcome",
    "risk": "Risk",
    "rule": "Rule",
    "agent": "Agent's id",
    "human": "Human's id",
    "approver": "Approver's id",
    "session": "Session",
    "since": "From, as 2026-01-31T00:00:00Z",
    "until": "Before, as 2026-02-01T00:00:00Z",
}


def _found(caller: Caller, query: dict[str, str]) -> tuple[list[Receipt], str | None, ProblemError | None]:
    """A page of receipts; what is wrong with the query is told on the page, with what was typed still in the form."""
    try:
        rows, following = page_of(matching(visible_to(caller), query=query), cursor=query.get("cursor", ""))
    except ProblemError as problem:
        return [], None, problem
    return rows, following, None


@for_people(*READERS)
@require_safe
def receipt_list(request: HttpRequest) -> HttpResponse:
    """`/receipts`"""
    query = request.GET.dict()
    rows, following, problem = _found(caller_of(request.user), query)
    names = names_of({item for row in rows for item in (row.agent_id, row.human_id, row.approver_id)})
    asked = {name: value for name, value in query.items() if value and name != "cursor"}
    context = {
        "lines": [line_of(row, names=names) for row in rows],
        "query": query,
        "types": KINDS.items(),
        "decisions": VERDICTS,
        "more": [{"name": name, "label": label, "value": query.get(name, "")} for name, label in MORE_FILTERS.items()],
        "has_more": any(query.get(name) for name in MORE_FILTERS),
        "next_url": f"?{urlencode(asked | {'cursor': following})}" if following else "",
        "is_filtered": bool(asked),
        "problem": problem,
    }
    return render(request, "receipts/list.html", context, status=problem.status if problem else 200)


def _statement(receipt: Receipt) -> Statement | None:
    """What the signed bytes say; nothing where they were altered so that they can't be read."""
    try:
        return parse_statement(bytes(receipt.body))
    except VerificationError:
        return None


def _said(statement: Statement | None) -> dict[str, Any]:
    if statement is None:
        return {"story": ("This receipt can't be read.", "Its bytes are not those of any receipt."), "sections": ()}
    names = names_of(ids_in(statement.body))
    return {
        "story": story_of(statement, names=names),
        "sections": sections_of(statement.body, names=names),
    }


def _timeline(caller: Caller, receipt: Receipt) -> list[dict[str, Any]]:
    return [
        {
            "url": reverse("receipts:detail", args=[row.pk]),
            "kind": KINDS[ReceiptType(row.type)],
            "at": row.issued_at,
            "is_current": row.pk == receipt.pk,
        }
        for row in of_decision(caller, receipt.decision_id)
    ]


@for_people(*READERS)
@require_safe
def receipt_detail(request: HttpRequest, receipt_id: str) -> HttpResponse:
    """`/r/<id>`"""
    caller = caller_of(request.user)
    receipt = receipt_for(caller, receipt_id)
    is_erased = receipt.payload is not None and receipt.payload.erased_at is not None
    envelope = canonical_bytes(signed_form(receipt)).decode()
    context = {
        "receipt": receipt,
        "kind": KINDS[ReceiptType(receipt.type)],
        "timeline": _timeline(caller, receipt),
        "report": report_of(check_receipt(receipt), is_erased=is_erased),
        "opened": values_for(
            opened_values(receipt.payload), kind=receipt.type, is_auditor=request.user.has_perm(AUDIT)
        ),
        "is_erased": is_erased,
        "raw": [
            {"title": "Payload as signed", "text": bytes(receipt.body).decode("utf-8", "replace")},
            {"title": "Envelope", "text": envelope},
        ],
        "keys_url": f"{settings.AARM_BASE_URL}{reverse('keys')}",
        **_said(_statement(receipt)),
    }
    return render(request, "receipts/detail.html", context)


@for_people(*READERS)
@require_safe
def receipt_envelope(request: HttpRequest, receipt_id: str) -> HttpResponse:
    """`/r/<id>/envelope.json`: the envelope as signed, for the offline verifier."""
    receipt = receipt_for(caller_of(request.user), receipt_id)
    return JsonResponse(signed_form(receipt), headers={"Content-Disposition": 'attachment; filename="receipt.json"'})
