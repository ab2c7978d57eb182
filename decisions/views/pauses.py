"""The kill switch's page: what is stopped, stopping more, and letting it go on. Two steps where many agents stop."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.selectors.roster import REVIEW
from approvals.services.people import Person
from decisions.forms import PauseForm
from decisions.models import Scope
from decisions.pages.pauses import Choices, choices_of, line_of
from decisions.selectors.pauses import (
    agents_to_pause,
    counts_within,
    ended_pauses,
    pause_named,
    standing_pauses,
    teams_to_pause,
    what_of,
)
from decisions.services.pauses import (
    EVERYTHING,
    Target,
    may_pause,
    may_resume,
    pause_actions,
    resume_actions,
    target_named,
)
from receipts.access import AUDIT, for_people
from receipts.problems import ProblemError

MOST_ENDED = 20
# Of these a mistake reaches far.
CONFIRMED = frozenset({Scope.EVERYTHING, Scope.TEAM})


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


@for_people(REVIEW, EVERYTHING, AUDIT)
@require_safe
def pause_list(request: HttpRequest) -> HttpResponse:
    """`/pauses`; with `?session=` the form offers that session."""
    person = _person(request)
    context = {
        "standing": [line_of(each, may_resume=may_resume(person, pause=each)) for each in standing_pauses()],
        "ended": [line_of(each) for each in ended_pauses(most=MOST_ENDED)],
        "choices": _choices(person, session=request.GET.get("session", "")),
    }
    return render(request, "decisions/pauses.html", context)


def _choices(person: Person, *, session: str) -> Choices:
    owned = None if person.has_perm(EVERYTHING) else person
    if owned is not None and not person.has_perm(REVIEW):
        return Choices()
    offered = session if session and may_pause(person, target=target_named(Scope.SESSION, name=session)) else ""
    agents, teams = agents_to_pause(owned), teams_to_pause(owned)
    return choices_of(agents=agents, teams=teams, may_stop_all=owned is None, session=offered)


@for_people(REVIEW, EVERYTHING)
@require_POST
def pause_new(request: HttpRequest) -> HttpResponse:
    """`/pauses/new`: stops at once, or shows first what would stop."""
    form = PauseForm(request.POST)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise ProblemError(
            "invalid_form", status=400, why=f"{field}: {errors[0]}", fix="Correct it and send it again.", param=field
        )
    said, person = form.cleaned_data, _person(request)
    target = target_named(form.scope, name=form.name)
    if target.scope in CONFIRMED and not said["confirmed"] and may_pause(person, target=target):
        return render(request, "decisions/pause_confirm.html", _what_would_stop(target, said=said))
    pause = pause_actions(target, reason=said["reason"], actor=person)
    messages.success(request, f"Paused: {what_of(pause_named(pause.pk))}. Nothing of it is permitted any more.")
    return HttpResponseRedirect(reverse("pauses:index"), status=303)


def _what_would_stop(target: Target, *, said: dict[str, Any]) -> dict[str, Any]:
    words = f"All agents of {target.team.name}" if target.team else "Everything"
    return {"what": words, "said": said, "counts": counts_within(target.team)}


@for_people(REVIEW, EVERYTHING)
@require_http_methods(["GET", "HEAD", "POST"])
def pause_resume(request: HttpRequest, pause_id: str) -> HttpResponse:
    """`/pauses/<id>/resume`: a GET shows what would go on, a POST lets it."""
    if request.method != "POST":
        pause = pause_named(pause_id)
        line = line_of(pause, may_resume=may_resume(_person(request), pause=pause))
        return render(request, "decisions/resume_confirm.html", {"pause": line})
    pause = resume_actions(pause_id, actor=_person(request))
    messages.success(request, f"Resumed: {what_of(pause)}.")
    return HttpResponseRedirect(reverse("pauses:index"), status=303)
