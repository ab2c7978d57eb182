"""Requests of one kind, reviewed and approved together."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from approvals.forms import MAX_WORDS, ViewForm
from approvals.pages.batches import batch_of
from approvals.selectors import request_for
from approvals.selectors.alike import alike_to
from approvals.selectors.roster import REVIEW
from approvals.services.batches import Chosen, Voted, approve_together
from approvals.views.reading import reader_of
from receipts.access import for_people
from receipts.clock import database_now
from receipts.problems import ProblemError


@for_people(REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def alike(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/alike`: this request and those of its kind; sent, what came of each that was chosen."""
    user = reader_of(request)
    row = request_for(user, approval_id)
    voted: Sequence[Voted] = ()
    problem = None
    if request.method == "POST":
        try:
            voted = approve_together(_chosen(request), person=user, reason=request.POST.get("reason", "")[:MAX_WORDS])
        except ProblemError as refused:
            problem = refused
    context = {
        "approval": row,
        "batch": batch_of(alike_to(row, user=user)),
        "voted": voted,
        "approved": sum(each.problem is None for each in voted),
        "problem": problem,
        "server_time": database_now(),
    }
    return render(request, "approvals/alike.html", context, status=_status(voted, problem=problem))


def _status(voted: Sequence[Voted], *, problem: ProblemError | None) -> int:
    """409 where anything that was chosen is not approved."""
    if problem is not None:
        return problem.status
    return 409 if any(each.problem for each in voted) else 200


def _chosen(request: HttpRequest) -> list[Chosen]:
    return [_one(request, name=name) for name in dict.fromkeys(request.POST.getlist("id"))]


def _one(request: HttpRequest, *, name: str) -> Chosen:
    said = {field: request.POST.get(f"{field}:{name}", "") for field in ("view_digest", "version")}
    form = ViewForm(said)
    if not form.is_valid():
        raise ProblemError("invalid_form", status=400, why="The form names no view.", fix="Load the page again.")
    return Chosen(name, form.cleaned_data["view_digest"], form.cleaned_data["version"])
