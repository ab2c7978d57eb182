"""The stretch between permission and report: whatever way the function ends, the server is told."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

from aarm.authorisation import Permit, Wish
from aarm.client import AsyncClient, Client
from aarm.errors import AarmError
from aarm.flows import Flow
from aarm.guarded import Guarded, reported, started

T = TypeVar("T")


class Execution:
    """What both kinds of run share. `last` shows the call while it runs and, afterwards, how its report went."""

    def __init__(self, permit: Permit, *, wish: Wish, last: ContextVar[Guarded | None]) -> None:
        self._call = started(permit, tool=wish.tool, asked=wish.parameters)
        self._last = last
        self._result: object = None
        last.set(self._call)

    def keep(self, result: T) -> T:
        """Remembers what the function returned, and returns it."""
        self._result = result
        return result

    def _report(self, kind: type[BaseException] | None) -> Flow[AarmError | None]:
        return reported(self._call, kind=kind, result=self._result)

    def _close(self, error: AarmError | None) -> None:
        self._last.set(replace(self._call, outcome_error=error))


class BlockingExecution(Execution):
    """`with`: reports by a Client."""

    def __init__(self, permit: Permit, *, wish: Wish, last: ContextVar[Guarded | None], client: Client) -> None:
        super().__init__(permit, wish=wish, last=last)
        self._client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close(self._client.perform(self._report(kind)))


class AsyncExecution(Execution):
    """`async with`: reports by an AsyncClient."""

    def __init__(self, permit: Permit, *, wish: Wish, last: ContextVar[Guarded | None], client: AsyncClient) -> None:
        super().__init__(permit, wish=wish, last=last)
        self._client = client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._close(await self._client.perform(self._report(kind)))
