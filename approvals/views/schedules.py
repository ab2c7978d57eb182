"""One on-call schedule: its turns, changed as a whole."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.forms import ScheduleForm
from approvals.selectors.teams import usernames
from approvals.selectors.turns import schedule_named
from approvals.services.schedules import save_schedule
from approvals.views.routes import SCHEDULES
from receipts.access import caller_of, for_people
from receipts.problems import ProblemError


@for_people(SCHEDULES)
@require_http_methods(["GET", "HEAD", "POST"])
def schedule_new(request: HttpRequest) -> HttpResponse:
    """`/routes/schedules/new`"""
    return _edited(request, ScheduleForm(request.POST or None), replaces="")


@for_people(SCHEDULES)
@require_http_methods(["GET", "HEAD", "POST"])
def schedule_edit(request: HttpRequest, name: str) -> HttpResponse:
    """`/routes/schedules/<name>`"""
    row = schedule_named(name)
    turns = row.turns.select_related("person")
    now = {
        "name": row.name,
        "zone": row.zone,
        "starts_on": row.starts_on,
        "handover": row.handover,
        "turn_days": row.turn_days,
        "order": "\n".join(turn.person.username for turn in turns),
    }
    return _edited(request, ScheduleForm(request.POST or None, initial=now), replaces=row.name)


def _edited(request: HttpRequest, form: ScheduleForm, *, replaces: str) -> HttpResponse:
    context = {"form": form, "replaces": replaces, "usernames": usernames()}
    if request.method != "POST":
        return render(request, "approvals/schedule.html", context)
    try:
        row = save_schedule(form.plan(), replaces=replaces, actor=caller_of(request.user))
    except ProblemError as problem:
        return render(request, "approvals/schedule.html", context | {"problem": problem}, status=problem.status)
    messages.success(request, f"The schedule {row.name} is as you wrote it.")
    return HttpResponseRedirect(f"{reverse('routes:index')}#on-call", status=303)
