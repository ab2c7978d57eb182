"""What one does with a request without deciding it: put it aside, watch it, pass it on, give it more time or people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.forms import AssignForm, EscalateForm, ExtendForm, SnoozeForm, checked
from approvals.selectors import request_for
from approvals.selectors.lists import Tab
from approvals.selectors.roster import REVIEW
from approvals.services.deadlines import escalate_request, extend_request, pass_on
from approvals.services.marks import snooze, unwatch, wake, watch
from approvals.services.people import person_named
from approvals.views.detail import friction_context, page_context
from approvals.views.reading import reader_of
from receipts.access import AUDIT, for_people
from receipts.problems import ProblemError


@for_people(REVIEW)
@require_POST
def put_aside(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/snooze`: for so many `minutes`, or with `minutes=0` not any more."""
    user = reader_of(request)
    row = request_for(user, approval_id)
    try:
        minutes = checked(SnoozeForm(request.POST))["minutes"]
        if minutes:
            snooze(row, person=user, minutes=minutes)
        else:
            wake(row, person=user)
    except ProblemError as problem:
        return _refused(request, row.pk, problem=problem)
    return _back(request)


@for_people(REVIEW, AUDIT)
@require_POST
def follow(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/watch`: says that one watches it, or with `watch=no` that one doesn't any more."""
    user = reader_of(request)
    row = request_for(user, approval_id)
    (unwatch if request.POST.get("watch") == "no" else watch)(row, person=user)
    return _back(request)


@for_people(REVIEW)
@require_POST
def assign(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/assign`: somebody else decides in one's place."""
    user = reader_of(request)
    row = request_for(user, approval_id)
    try:
        to = person_named(checked(AssignForm(request.POST))["to"])
        pass_on(approval_id=row.pk, person=user, to=to)
    except ProblemError as problem:
        written = {"verdict": "assign", "to": request.POST.get("to", "")}
        return _refused(request, row.pk, problem=problem, written=written)
    messages.success(request, f"{to.get_username()} decides {row.tool}.{row.operation} in your place.")
    return _back(request)


@for_people(REVIEW)
@require_POST
def extend(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/extend`: by so many `minutes` from `expires_at`. Where that has moved nothing is done."""
    user = reader_of(request)
    row = request_for(user, approval_id)
    try:
        said = checked(ExtendForm(request.POST))
        after = extend_request(approval_id=row.pk, person=user, seconds=said["minutes"] * 60, shown=said["expires_at"])
    except ProblemError as problem:
        return _refused(request, row.pk, problem=problem, written={"verdict": "extend"})
    messages.success(request, f"It can be decided until {after.expires_at:%Y-%m-%d %H:%M} UTC.")
    return _to_decision(row.pk)


@for_people(REVIEW)
@require_POST
def escalate(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/escalate`: asks those of `step` now, whoever has asked them already."""
    user = reader_of(request)
    row = request_for(user, approval_id)
    try:
        escalate_request(approval_id=row.pk, person=user, step=checked(EscalateForm(request.POST))["step"])
    except ProblemError as problem:
        return _refused(request, row.pk, problem=problem, written={"verdict": "escalate"})
    messages.success(request, "The next people have been asked.")
    return _to_decision(row.pk)


def _to_decision(approval_id: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('approvals:detail', args=[approval_id])}#decision", status=303)


def _refused(
    request: HttpRequest, approval_id: str, *, problem: ProblemError, written: Mapping[str, str] = MappingProxyType({})
) -> HttpResponse:
    context = page_context(reader_of(request), approval_id) | friction_context(request)
    context |= {"problem": problem, "ballot": written}
    return render(request, "approvals/detail.html", context, status=problem.status)


def _back(request: HttpRequest) -> HttpResponse:
    """To the list from which it came."""
    shown = request.POST.get("show", "")
    where = f"?show={shown}" if shown in set(Tab) else ""
    return HttpResponseRedirect(reverse("approvals:inbox") + where, status=303)
