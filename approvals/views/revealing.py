"""Showing what a request's page covers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.selectors.roster import REVIEW
from approvals.services.revealing import reveal as show
from approvals.views.detail import friction_context, page_context
from approvals.views.reading import reader_of
from receipts.access import AUDIT, for_people
from receipts.problems import ProblemError


@for_people(REVIEW, AUDIT)
@require_POST
def reveal(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/reveal`"""
    user = reader_of(request)
    try:
        show(approval_id=approval_id, person=user)
    except ProblemError as problem:
        if problem.status == 404:
            raise
        context = page_context(user, approval_id) | friction_context(request) | {"problem": problem}
        return render(request, "approvals/detail.html", context, status=problem.status)
    everything = "?all=1" if request.POST.get("all") else ""
    return HttpResponseRedirect(
        f"{reverse('approvals:detail', args=[approval_id])}{everything}#action-title", status=303
    )
