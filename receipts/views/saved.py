"""Saving a search, and forgetting it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from receipts.access import READERS, for_people
from receipts.forms import SavedViewForm
from receipts.pages.columns import USUAL, chosen_columns
from receipts.problems import ProblemError
from receipts.selectors.grammar import parse_question
from receipts.selectors.results import known_sort
from receipts.services.saved import forget_view, save_view


def invalid(form: SavedViewForm) -> ProblemError:
    """The form's first fault."""
    field, errors = next(iter(form.errors.items()))
    return ProblemError(
        "invalid_form", status=400, why=f"{field}: {errors[0]}", fix="Correct it and send the form again.", param=field
    )


@for_people(*READERS)
@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    """`POST /receipts/views`"""
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        raise invalid(form)
    said = form.cleaned_data
    columns = chosen_columns(said["column"])
    view = save_view(
        request.user,
        name=said["name"],
        question=parse_question(said["question"]).text,
        team_id=said["team"],
        sort=known_sort(said["sort"]),
        columns=() if columns == USUAL else columns,
    )
    return HttpResponseRedirect(f"{reverse('receipts:index')}?{view.query}", status=303)


@for_people(*READERS)
@require_POST
def view_forget(request: HttpRequest, view_id: int) -> HttpResponse:
    """`POST /receipts/views/<id>/forget`"""
    forget_view(request.user, view_id=view_id)
    return HttpResponseRedirect(reverse("receipts:index"), status=303)
