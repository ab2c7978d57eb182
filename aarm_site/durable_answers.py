"""What is only read may have been committed a moment ago: its answer waits until that is on disk (G1).

What changes something waits by itself, with its own commit.
"""

from __future__ import annotations

from collections.abc import Callable

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from receipts.durability import await_disk

View = Callable[[HttpRequest], HttpResponseBase]
_ALIVE: set[object] = set()


def answers_without_database(view: View) -> View:
    """For what tells no record, and has to answer most of all while the database doesn't."""
    _ALIVE.add(view)
    return view


def _may_tell_records(request: HttpRequest) -> bool:
    match = request.resolver_match
    return request.method != "POST" and not (match and match.func in _ALIVE)


@sync_and_async_middleware
def durable_answers_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], object]:
    """Waits in the thread in which the view has read."""
    if iscoroutinefunction(get_response):

        async def call_async(request: HttpRequest) -> HttpResponseBase:
            response: HttpResponseBase = await get_response(request)
            if _may_tell_records(request):
                await sync_to_async(await_disk)()
            return response

        return call_async

    def call(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if _may_tell_records(request):
            await_disk()
        return response

    return call
