"""People and routes: who would be asked when, who is in which team, who is on call, and who is away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from approvals.forms import AbsenceEndForm, AbsenceForm, CoverEndForm, CoverForm, PreviewForm, TeamForm, checked
from approvals.models import User
from approvals.pages.routes import WEEKDAYS, instant_of, lines_of
from approvals.selectors.roster import REVIEW
from approvals.selectors.routes import previews
from approvals.selectors.teams import members_by_group, roles, teams, usernames
from approvals.selectors.turns import absences, rotas
from approvals.services.absences import OTHERS, begin_absence, end_absence
from approvals.services.schedules import add_cover, end_cover
from approvals.services.teams import join_team, leave_team
from approvals.views.reading import reader_of
from receipts.access import AUDIT, caller_of, for_people
from receipts.clock import database_now
from receipts.problems import ProblemError

# As in the administration.
TEAMS, SCHEDULES = "approvals.change_user", "approvals.change_schedule"
AUTHORS = "decisions.publish_policy"
WHO_READS = (REVIEW, AUDIT, AUTHORS)
Written = Mapping[str, Any]


@for_people(*WHO_READS)
@require_safe
def route_list(request: HttpRequest) -> HttpResponse:
    """`/routes`; `?day=`, `?time=` and `?human=` say for which moment and whose agent."""
    return render(request, "approvals/routes.html", page_context(request))


def page_context(request: HttpRequest, *, written: Written | None = None) -> dict[str, Any]:
    """Everything that the page shows; `written` is the form that couldn't be taken."""
    user, now = reader_of(request), database_now()
    asked = PreviewForm(request.GET if written is None else {})
    said = asked.cleaned_data if asked.is_valid() else {}
    opened_at = instant_of(now=now, weekday=said.get("day"), at=said.get("time"))
    groups = members_by_group()
    return {
        "routes": lines_of(previews(opened_at=opened_at, now=now, human=said.get("human", ""))),
        "opened_at": opened_at,
        "asked": asked,
        "weekdays": list(enumerate(WEEKDAYS)),
        "teams": [(group.name, groups.get(group.name, [])) for group in teams()],
        "roles": [(group.name, groups.get(group.name, [])) for group in roles()],
        "rotas": rotas(at=now),
        "absences": absences(at=now),
        "usernames": usernames(),
        "written": written or {},
        **_rights(user),
    }


def _rights(user: User) -> dict[str, bool]:
    return {
        "may_change_teams": user.has_perm(TEAMS),
        "may_change_schedules": user.has_perm(SCHEDULES),
        "may_change_others": user.has_perm(OTHERS),
        "may_be_away": user.has_perm(REVIEW),
    }


def _refused(request: HttpRequest, problem: ProblemError) -> HttpResponse:
    """The page again, with what was written still in its form."""
    context = page_context(request, written=request.POST.dict()) | {"problem": problem}
    return render(request, "approvals/routes.html", context, status=problem.status)


def _done(request: HttpRequest, what: str, *, part: str) -> HttpResponse:
    messages.success(request, what)
    return HttpResponseRedirect(f"{reverse('routes:index')}#{part}", status=303)


@for_people(TEAMS)
@require_POST
def team_change(request: HttpRequest) -> HttpResponse:
    """`/routes/teams`: somebody joins a team or leaves it."""
    actor = caller_of(request.user)
    try:
        said = checked(TeamForm(request.POST))
        (join_team if said["what"] == "join" else leave_team)(team=said["team"], username=said["username"], actor=actor)
    except ProblemError as problem:
        return _refused(request, problem)
    verb = "is in" if said["what"] == "join" else "is no longer in"
    return _done(request, f"{said['username']} {verb} {said['team']}.", part="teams")


@for_people(REVIEW, OTHERS)
@require_POST
def absence_new(request: HttpRequest) -> HttpResponse:
    """`/routes/absences`: somebody will be away; of oneself everybody who reviews may say it."""
    user = reader_of(request)
    try:
        absence = AbsenceForm(request.POST).absence(of=user.username)
        begin_absence(absence, by=user)
    except ProblemError as problem:
        return _refused(request, problem)
    return _done(request, f"{absence.deputy} votes in the place of {absence.person}.", part="away")


@for_people(REVIEW, OTHERS)
@require_POST
def absence_end(request: HttpRequest) -> HttpResponse:
    """`/routes/absences/end`"""
    try:
        end_absence(checked(AbsenceEndForm(request.POST))["absence"], by=reader_of(request))
    except ProblemError as problem:
        return _refused(request, problem)
    return _done(request, "The absence is over.", part="away")


@for_people(SCHEDULES)
@require_POST
def cover_new(request: HttpRequest) -> HttpResponse:
    """`/routes/covers`: somebody steps in for a while."""
    try:
        said = checked(CoverForm(request.POST))
        add_cover(**said, actor=caller_of(request.user))
    except ProblemError as problem:
        return _refused(request, problem)
    return _done(request, f"{said['username']} steps in on {said['schedule']}.", part="on-call")


@for_people(SCHEDULES)
@require_POST
def cover_end(request: HttpRequest) -> HttpResponse:
    """`/routes/covers/end`"""
    try:
        end_cover(checked(CoverEndForm(request.POST))["cover"], actor=caller_of(request.user))
    except ProblemError as problem:
        return _refused(request, problem)
    return _done(request, "Whoever's turn it is is on call again.", part="on-call")
