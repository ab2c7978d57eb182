"""Waiting for a decision costs no thread: one shared look at the database a process, for everybody who waits.

A waiter sleeps on a future of its own. The look finds which of the waited-for decisions have a newer state, wakes
those, and everybody else sleeps on; each waiter also wakes at its own deadline. Under WSGI there is no loop to sleep
on, so that the answer comes at once and `Retry-After` tells the client to ask again.
"""

from __future__ import annotations

import asyncio

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, HttpResponseBase
from rest_framework.response import Response

from decisions.api.views import DecisionDetailView, wait_seconds
from decisions.selectors import pending_among

LOOK_SECONDS = 0.2

_view = DecisionDetailView.as_view()


def _still_pending(decision_ids: set[str]) -> dict[str, int] | None:
    """One look. None while the database is away: everybody goes on waiting, and their deadlines wake them."""
    close_old_connections()
    try:
        return pending_among(decision_ids)
    except DatabaseError:
        return None
    finally:
        close_old_connections()


class Waiters:
    """Who waits for which decision, and the one task that looks for all of them while there are any.

    A waiter is a future, with how many questions the agent was told of before it began to wait.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, dict[asyncio.Future[None], int]] = {}
        self._look: asyncio.Task[None] | None = None

    @property
    def is_anybody_waiting(self) -> bool:
        """Whether a look at the database is due."""
        return bool(self._waiting)

    async def wait(self, decision_id: str, *, asked: int, seconds: float) -> None:
        """Returns when it is no longer pending, when its agent was not just `asked` questions, or after `seconds`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(decision_id, {})[future] = asked
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._looking())
        try:
            await asyncio.wait({future}, timeout=seconds)
        finally:
            self._forget(decision_id, future)

    def _forget(self, decision_id: str, future: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(decision_id, {})
        waiting.pop(future, None)
        if not waiting:
            self._waiting.pop(decision_id, None)

    def _wake(self, decision_id: str, *, asked: int | None) -> None:
        """`asked` is None where the decision is no longer pending."""
        for future, told in self._waiting.get(decision_id, {}).items():
            if asked != told and not future.done():
                future.set_result(None)

    async def _looking(self) -> None:
        while self.is_anybody_waiting:
            await asyncio.sleep(LOOK_SECONDS)
            ids = set(self._waiting)
            found = await sync_to_async(_still_pending, thread_sensitive=False)(ids)
            if found is not None:
                for decision_id in ids:
                    self._wake(decision_id, asked=found.get(decision_id))


WAITERS = Waiters()


def _told(response: HttpResponseBase) -> int:
    return len(response.data.get("questions", ())) if isinstance(response, Response) else 0


async def decision_detail(request: HttpRequest, decision_id: str) -> HttpResponseBase:
    """`GET /api/v1/decisions/{id}?wait=30`: answers when it is decided, asked about, or the time is over.

    It is the same object each time. What was asked before the waiting began doesn't end it.
    """
    answer = sync_to_async(_view)
    response = await answer(request, decision_id=decision_id)
    is_pending = response.status_code == 200 and "Retry-After" in response
    if not is_pending or not isinstance(request, ASGIRequest):
        return response
    seconds = wait_seconds(request)
    if not seconds:
        return response
    await WAITERS.wait(decision_id, asked=_told(response), seconds=seconds)
    return await answer(request, decision_id=decision_id)


# The schema is read off views; a function says so by the attribute that Django gives to those that it makes of a class.
vars(decision_detail).update(cls=DecisionDetailView, initkwargs={})
