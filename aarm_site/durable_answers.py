"""What is only read may have been committed a moment ago: its answer waits until that is on disk (G1).

What changes something waits by itself, with its own commit.
"""

from __future__ import annotations

from collections.abc import Callable

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from receipts.durability import await_disk


@sync_and_async_middleware
def durable_answers_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], object]:
    """Waits in the thread in which the view has read, and not at all where it has asked the database nothing."""
    if iscoroutinefunction(get_response):

        async def call_async(request: HttpRequest) -> HttpResponseBase:
            response: HttpResponseBase = await get_response(request)
            if request.method != "POST":
                await sync_to_async(await_disk)()
            return response

        return call_async

    def call(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.method != "POST":
            await_disk()
        return response

    return call
