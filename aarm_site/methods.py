"""GET and HEAD read, POST changes, and no address takes anything else, whatever the view behind it would do with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.utils.decorators import sync_and_async_middleware

from aarm_site.errors import answer, is_api
from receipts.problems import ProblemError

METHODS = ("GET", "HEAD", "POST")


def _refusal(request: HttpRequest, allowed: Sequence[str]) -> HttpResponseBase:
    if not is_api(request):
        return HttpResponseNotAllowed(allowed)
    problem = ProblemError(
        "method_not_allowed",
        status=405,
        why="This address doesn't take that method.",
        fix="Use one that Allow names.",
        headers={"Allow": ", ".join(allowed)},
    )
    return answer(request, problem)


def _early(request: HttpRequest) -> HttpResponseBase | None:
    return None if request.method in METHODS else _refusal(request, METHODS)


def _late(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """A plain view's refusal has no body; callers of an API read a problem."""
    is_bare = isinstance(response, HttpResponseNotAllowed) and is_api(request)
    return _refusal(request, response["Allow"].split(", ")) if is_bare else response


@sync_and_async_middleware
def methods_middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], object]:
    """Refuses before any view is asked, and gives the refusals of plain views their body."""
    if iscoroutinefunction(get_response):

        async def call_async(request: HttpRequest) -> HttpResponseBase:
            return _early(request) or _late(request, await get_response(request))

        return call_async

    def call(request: HttpRequest) -> HttpResponseBase:
        return _early(request) or _late(request, get_response(request))

    return call
