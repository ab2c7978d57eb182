"""Looking and asking before one decides, and the page on which the human for whom an agent acts answers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from approvals.forms import AnswerForm, QuestionForm
from approvals.lifecycle.questions import Asked
from approvals.selectors import request_for
from approvals.selectors.questions import open_questions
from approvals.selectors.roster import REVIEW
from approvals.services.looking import look_at, look_away
from approvals.services.questions import answer_as_requester, ask_question
from approvals.views.detail import friction_context, page_context
from approvals.views.reading import reader_of
from receipts.access import for_people
from receipts.problems import ProblemError


@for_people(REVIEW)
@require_POST
def ask(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/ask`"""
    user = reader_of(request)
    row = request_for(user, approval_id)
    form = QuestionForm(request.POST)
    try:
        _require_valid(form)
        said = form.cleaned_data
        ask_question(approval_id=row.pk, person=user, to=Asked(said["to"]), text=said["question"])
    except ProblemError as problem:
        written = {"verdict": "ask", "question": request.POST.get("question", ""), "to": request.POST.get("to", "")}
        context = page_context(user, row.pk) | friction_context(request) | {"problem": problem, "ballot": written}
        return render(request, "approvals/detail.html", context, status=problem.status)
    return HttpResponseRedirect(f"{reverse('approvals:detail', args=[row.pk])}#questions", status=303)


@for_people(REVIEW)
@require_POST
def looking(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/looking`: says that one is looking, or with `looking=no` that one isn't any more."""
    user = reader_of(request)
    row = request_for(user, approval_id)
    claim = look_away if request.POST.get("looking") == "no" else look_at
    try:
        claim(approval_id=row.pk, person=user)
    except ProblemError as problem:
        context = page_context(user, row.pk) | friction_context(request) | {"problem": problem}
        return render(request, "approvals/detail.html", context, status=problem.status)
    return HttpResponseRedirect(f"{reverse('approvals:detail', args=[row.pk])}#decision", status=303)


@login_required
@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """`/asked`: what this person is asked about agents that act for them."""
    return _page(request)


@login_required
@require_POST
def answer(request: HttpRequest, question_id: str) -> HttpResponse:
    """`/asked/<id>`"""
    form = AnswerForm(request.POST)
    try:
        _require_valid(form)
        answer_as_requester(person=reader_of(request), question_id=question_id, text=form.cleaned_data["answer"])
    except ProblemError as problem:
        if problem.status == 404:
            raise
        return _page(request, problem=problem)
    return HttpResponseRedirect(reverse("approvals:asked"), status=303)


def _page(request: HttpRequest, *, problem: ProblemError | None = None) -> HttpResponse:
    context = {"questions": open_questions(reader_of(request)), "problem": problem}
    return render(request, "approvals/asked.html", context, status=problem.status if problem else 200)


def _require_valid(form: Form) -> None:
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        fix = "Correct it and send the form again."
        raise ProblemError("invalid_form", status=400, why=f"{field}: {errors[0]}", fix=fix, param=field)
