"""The search over all receipts: results, and what may follow in its box."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from receipts.access import AUDIT, READERS, caller_of, for_people
from receipts.pages.columns import chosen_columns, columns
from receipts.pages.results import ResultsPage, results_page, shown_names
from receipts.ports import named, names_of
from receipts.problems import ProblemError
from receipts.selectors import question_of, visible_to
from receipts.selectors.completion import suggestions
from receipts.selectors.fields import FIELDS
from receipts.selectors.results import MOST_NEWER, known_sort, newer_count, results_of
from receipts.selectors.saved import saved_views_of
from receipts.services.searches import record_search

BESIDES = frozenset({"cursor", "sort", "column"})


def _found(request: HttpRequest) -> tuple[ResultsPage | None, ProblemError | None]:
    """What is wrong with the question is told on the page, with what was typed still in the box."""
    query, caller = request.GET.dict(), caller_of(request.user)
    sort = known_sort(query.get("sort", ""))
    try:
        asked = question_of(query, besides=BESIDES)
        record_search(caller, question=asked)
        results = results_of(caller, asked=asked, cursor=query.get("cursor", ""), sort=sort)
    except ProblemError as problem:
        return None, problem
    names, chosen = names_of(shown_names(results)), chosen_columns(request.GET.getlist("column"))
    return results_page(results, names=names, sort=sort, columns=chosen), None


def _joined(request: HttpRequest) -> HttpResponseRedirect:
    """To the question of which a part was changed: the form has the part apart from the rest."""
    query = request.GET.copy()
    parts = [*query.pop("q", []), *query.pop("part")]
    query["q"] = " ".join(part.strip() for part in parts if part.strip())
    return HttpResponseRedirect(f"{reverse('receipts:index')}?{query.urlencode()}")


@for_people(*READERS)
@require_safe
def receipt_list(request: HttpRequest) -> HttpResponse:
    """`/receipts?q=…`: the address is the question."""
    if "part" in request.GET:
        return _joined(request)
    page, problem = _found(request)
    context = {
        "page": page,
        "text": page.text if page else request.GET.get("q", ""),
        "sort": known_sort(request.GET.get("sort", "")),
        "chosen": (chosen := chosen_columns(request.GET.getlist("column"))),
        "columns": columns(chosen),
        "own_columns": request.GET.getlist("column") and chosen,
        "is_asked": any(request.GET.get(name) for name in (*FIELDS, "q")),
        "fields": [(key, field.about) for key, field in FIELDS.items()],
        "views": saved_views_of(request.user),
        "may_export": request.user.has_perm(AUDIT),
        "problem": problem,
    }
    return render(request, "receipts/list.html", context, status=problem.status if problem else 200)


@for_people(*READERS)
@require_safe
def receipt_newer(request: HttpRequest) -> JsonResponse:
    """`/receipts/newer?q=…&cursor=…`: how many have come, for the script that offers to show them."""
    query = request.GET.dict()
    asked = question_of(query, besides=BESIDES)
    count = newer_count(caller_of(request.user), asked=asked, cursor=query.get("cursor", ""))
    return JsonResponse({"count": count, "is_more": count == MOST_NEWER})


@for_people(*READERS)
@require_safe
def receipt_suggestions(request: HttpRequest) -> JsonResponse:
    """`/receipts/suggestions?text=…`: JSON for the script of the box, which works without it."""
    rows = visible_to(caller_of(request.user))
    found = suggestions(rows, text=request.GET.get("text", ""), find=named)
    return JsonResponse({"suggestions": [asdict(suggestion) for suggestion in found]})
