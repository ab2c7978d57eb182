"""Waiting for a decision costs no thread: one shared look at the database a process, for everybody who waits.

A waiter sleeps on a future of its own. The look finds which of the waited-for decisions have a newer state, wakes
those, and everybody else sleeps on; each waiter also wakes at its own deadline. Under WSGI there is no loop to sleep
on, so that the answer comes at once and `Retry-After` tells the client to ask again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, HttpResponseBase

from decisions.api.views import DecisionDetailView, wait_seconds
from decisions.selectors import pending_among

LOOK_SECONDS = 0.2

_view = DecisionDetailView.as_view()


def _still_pending(decision_ids: set[str]) -> set[str]:
    """One look. While the database is away everybody goes on waiting; their deadlines wake them."""
    close_old_connections()
    try:
        return pending_among(decision_ids)
    except DatabaseError:
        return decision_ids
    finally:
        close_old_connections()


class Waiters:
    """Futures by decision id, and the one task that looks for all of them while there are any."""

    def __init__(self) -> None:
        self._futures: dict[str, set[asyncio.Future[None]]] = {}
        self._look: asyncio.Task[None] | None = None

    async def wait(self, decision_id: str, *, seconds: float) -> None:
        """Returns when the decision is no longer pending, or after `seconds`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._futures.setdefault(decision_id, set()).add(future)
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._looking())
        try:
            await asyncio.wait({future}, timeout=seconds)
        finally:
            self._forget(decision_id, future)

    def _forget(self, decision_id: str, future: asyncio.Future[None]) -> None:
        waiting = self._futures.get(decision_id, set())
        waiting.discard(future)
        if not waiting:
            self._futures.pop(decision_id, None)

    def _wake(self, decision_ids: Iterable[str]) -> None:
        for decision_id in decision_ids:
            for future in self._futures.get(decision_id, ()):
                if not future.done():
                    future.set_result(None)

    async def _looking(self) -> None:
        while self._futures:
            await asyncio.sleep(LOOK_SECONDS)
            ids = set(self._futures)
            self._wake(ids - await sync_to_async(_still_pending, thread_sensitive=False)(ids))


_waiters = Waiters()


async def decision_detail(request: HttpRequest, decision_id: str) -> HttpResponseBase:
    """`GET /api/v1/decisions/{id}?wait=30`: answers when it is decided or the time is over, with the same object."""
    answer = sync_to_async(_view)
    response = await answer(request, decision_id=decision_id)
    is_pending = response.status_code == 200 and "Retry-After" in response
    if not is_pending or not isinstance(request, ASGIRequest):
        return response
    seconds = wait_seconds(request)
    if not seconds:
        return response
    await _waiters.wait(decision_id, seconds=seconds)
    return await answer(request, decision_id=decision_id)


# The schema is read off views; a function says so by the attribute that Django gives to those that it makes of a class.
vars(decision_detail).update(cls=DecisionDetailView, initkwargs={})
