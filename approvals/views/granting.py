"""Approving with limits: a plain form that first says what it would cover, and taking a grant back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.accounts.recency import shown_at
from approvals.forms import ApproveForm, GrantForm
from approvals.lifecycle.grants import Terms
from approvals.models import ApprovalRequest, User
from approvals.pages.granting import Preview, choices_of, preview_of, terms_in
from approvals.selectors import request_for
from approvals.selectors.granted import approved_parameters
from approvals.selectors.roster import REVIEW
from approvals.selectors.similar import rows_like
from approvals.services.granting import Joined, Wish, revoke_grant
from approvals.services.votes import CastBallot, cast_vote
from approvals.views.detail import CHANGED, friction_context, page_context, valid_ballot
from approvals.views.reading import reader_of
from receipts.access import for_people
from receipts.problems import ProblemError

PREVIEWED = 50
"""How many requests like it a preview looks at."""


@for_people(REVIEW)
@require_POST
def grant(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/grant`: what it would cover; sent once more, the vote that grants it."""
    user = reader_of(request)
    row = request_for(user, approval_id)
    try:
        ballot, wish = _read(request, row)
        if isinstance(wish, Terms):
            preview = _preview(row, terms=wish, user=user)
            if request.POST.get("previewed") != preview.digest:
                return _page(request, row, {"grant_preview": preview})
        voted = CastBallot(**ballot, grant=wish)
        cast_vote(approval_id=row.pk, person=user, ballot=voted)
    except ProblemError as problem:
        refused = {"problem": problem, "has_changed": problem.code == CHANGED}
        return _page(request, row, refused, status=problem.status)
    return HttpResponseRedirect(f"{reverse('approvals:detail', args=[row.pk])}#decision", status=303)


def _read(request: HttpRequest, row: ApprovalRequest) -> tuple[dict[str, Any], Wish]:
    """What is voted, and what is granted with it."""
    joined = request.POST.get("join", "")
    form = ApproveForm(request.POST) if joined else GrantForm(request.POST)
    ballot = valid_ballot(form, shown_at=shown_at(request))
    said = {name: getattr(ballot, name) for name in ("verdict", "view_digest", "version", "reason", "confirmation")}
    if joined:
        return said, Joined(joined)
    choices = choices_of(approved_parameters(row) or {}, written=request.POST.dict())
    return said, terms_in(choices, uses=form.cleaned_data["uses"], minutes=form.cleaned_data["minutes"])


def _preview(row: ApprovalRequest, *, terms: Terms, user: User) -> Preview:
    like = rows_like(row, user=user, most=PREVIEWED)
    return preview_of(terms, parameters=approved_parameters(row) or {}, like=like)


def _page(request: HttpRequest, row: ApprovalRequest, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
    written = request.POST.dict()
    context = page_context(reader_of(request), row.pk, written=written) | {"ballot": written | {"verdict": "grant"}}
    return render(request, "approvals/detail.html", context | friction_context(request) | more, status=status)


@for_people(REVIEW)
@require_POST
def revoke(request: HttpRequest, grant_id: str) -> HttpResponse:
    """`/grants/<id>/revoke`"""
    ended = revoke_grant(grant_id=grant_id, person=reader_of(request))
    return HttpResponseRedirect(f"{reverse('approvals:detail', args=[ended.request_id])}#grants", status=303)
