"""What no address takes, refused before any view is asked.

GET and HEAD read and POST changes; there is no other method, whatever a view's base class would do with it. U+0000 in
an address means nothing to us and can't be held by PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import BadRequest
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
    if "\0" in request.path_info or "%00" in request.META["QUERY_STRING"]:
        raise BadRequest("The address contains U+0000.")
    return None if request.method in METHODS else _refusal(request, METHODS)


def _late(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """A plain view's refusal has no body; callers of an API read a problem."""
    is_bare = isinstance(response, HttpResponseNotAllowed) and is_api(request)
    return _refusal(request, response["Allow"].split(", ")) if is_bare else response


@sync_and_async_middleware
def gate_middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], object]:
    """Refuses before any view is asked, and gives the refusals of plain views their body."""
    if iscoroutinefunction(get_response):

        async def call_async(request: HttpRequest) -> HttpResponseBase:
            return _early(request) or _late(request, await get_response(request))

        return call_async

    def call(request: HttpRequest) -> HttpResponseBase:
        return _early(request) or _late(request, get_response(request))

    return call
