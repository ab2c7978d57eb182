"""Changing an action before approving it: a plain form, which leads to the request that it has become."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.forms import ViewForm
from approvals.lifecycle.route import Route
from approvals.lifecycle.snapshot import Snapshot
from approvals.models import ApprovalRequest
from approvals.pages.editing import changes_in, editables_of
from approvals.selectors import request_for
from approvals.selectors.roster import REVIEW
from approvals.services.changes import Edit, change_request
from approvals.views.detail import CHANGED, friction_context, page_context
from approvals.views.reading import reader_of
from receipts.access import for_people
from receipts.problems import ProblemError


@for_people(REVIEW)
@require_POST
def change(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/change`"""
    user = reader_of(request)
    row = request_for(user, approval_id)
    try:
        new = change_request(approval_id=row.pk, person=user, edit=_edit(request, row))
    except ProblemError as problem:
        context = page_context(user, row.pk, written=request.POST.dict()) | {
            "problem": problem,
            "has_changed": problem.code == CHANGED,
            "ballot": {"verdict": "change"},
            **friction_context(request),
        }
        return render(request, "approvals/detail.html", context, status=problem.status)
    return HttpResponseRedirect(f"{reverse('approvals:detail', args=[new.pk])}#changes", status=303)


def _edit(request: HttpRequest, row: ApprovalRequest) -> Edit:
    form = ViewForm(request.POST)
    if not form.is_valid():
        raise ProblemError("invalid_form", status=400, why="The form names no view.", fix="Load the page again.")
    snapshot = Snapshot.from_dict(row.shown) if row.shown else None
    editables = editables_of(snapshot, pointers=Route.from_dict(row.route).editable, written=request.POST.dict())
    return Edit(changes_in(editables), form.cleaned_data["view_digest"], form.cleaned_data["version"])
