"""`Guard`: a function runs only after an effective ALLOW, and only with the parameters that the server returned."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from inspect import Signature
from typing import ParamSpec, Protocol, TypeVar, cast

from aarm.arguments import arguments_for, parameters_of, schema_of
from aarm.authorisation import OnPending, Wait, Wish, authorise, patience
from aarm.canonical import split_tool
from aarm.client import AsyncClient, Client
from aarm.connections import Connections
from aarm.errors import ConfigurationError
from aarm.execution import AsyncExecution, BlockingExecution
from aarm.flows import OnQuestion
from aarm.guarded import Guarded
from aarm.records import Session
from aarm.session import GuardSession, Opening

P = ParamSpec("P")
R = TypeVar("R")

# `external` is the word for a tool that sends something out, as people say it; the catalogue's word is `egress`.
_EFFECTS = {"read": "read", "write": "write", "egress": "egress", "external": "egress"}


class Mark(Protocol):
    """A decorator that keeps the function's type: arguments, result, and whether it is awaited."""

    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]:
        """The guarded function."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A guarded function as the server knows it."""

    name: str
    effect: str | None
    description: str
    signature: Signature
    patience_seconds: float | None
    on_pending: OnPending | None
    on_question: OnQuestion | None

    def wish(self, session: Session, *, args: tuple[object, ...], kwargs: dict[str, object]) -> Wish:
        """This call of the function, to be judged."""
        return Wish(
            tool=self.name,
            session_id=session.session_id,
            parameters=parameters_of(self.signature, args=args, kwargs=kwargs),
            patience_seconds=self.patience_seconds,
            on_pending=self.on_pending,
            on_question=self.on_question,
            bind=lambda parameters: arguments_for(self.signature, parameters=parameters),
        )


class Guard:
    """Puts a decision in front of functions. There is no way around it: no flag, and no fallback without a server.

    `client` and `async_client` default to ones for AARM_URL and AARM_KEY, made at the first call. `wait` and
    `on_pending(url, code, expires_at)` are the defaults of all functions: "block" waits until the server's own
    deadline, "return" raises Pending at once, a timedelta waits that long. While it waits, `on_question(question)`
    answers what a reviewer asks, or returns None.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        async_client: AsyncClient | None = None,
        wait: Wait = "block",
        on_pending: OnPending | None = None,
        on_question: OnQuestion | None = None,
    ) -> None:
        patience(wait)
        self._connections = Connections(client, async_client=async_client)
        self._wait = wait
        self._on_pending = on_pending
        self._on_question = on_question
        self._tools: dict[str, Tool] = {}
        self._session: ContextVar[Session | None] = ContextVar("aarm_session", default=None)
        self._last: ContextVar[Guarded | None] = ContextVar("aarm_last", default=None)

    def __call__(
        self, tool: str, *, effect: str | None = None, wait: Wait | None = None, on_pending: OnPending | None = None
    ) -> Mark:
        """Guards a function under the name of a tool, such as `email.send`; sync and async functions alike.

        `effect` is what the catalogue is told: read, write, egress or, for the latter, external.
        """
        split_tool(tool)
        if effect is not None and effect not in _EFFECTS:
            raise ConfigurationError(f"effect={effect!r} is unknown.", fix=f"Use one of {', '.join(_EFFECTS)}.")

        def mark(function: Callable[P, R]) -> Callable[P, R]:
            known = self._tools[tool] = Tool(
                name=tool,
                effect=_EFFECTS[effect] if effect is not None else None,
                description=inspect.getdoc(function) or "",
                signature=inspect.signature(function),
                patience_seconds=patience(wait if wait is not None else self._wait),
                on_pending=on_pending or self._on_pending,
                on_question=self._on_question,
            )
            return self._wrapped(function, tool=known)

        return mark

    def session(
        self,
        *,
        request: str | None = None,
        session_id: str | None = None,
        host_key: str | None = None,
        human: str | None = None,
        agent: str | None = None,
        service: str | None = None,
    ) -> GuardSession:
        """The session for the guarded calls inside a `with` or `async with`.

        With `host_key` the host application opens it, names human and agent, and ends it afterwards; without, the
        request is only asserted. `session_id` joins a session that is open already.
        """
        who = {"human": human, "agent": agent, "service": service}
        named = {name: value for name, value in who.items() if value is not None}
        opening = Opening(session_id=session_id, request=request, host_key=host_key, named=named)
        return GuardSession(opening, current=self._session, connections=self._connections)

    @property
    def last(self) -> Guarded | None:
        """The guarded call that ran last in this context (thread or task); None if the last one was not allowed."""
        return self._last.get()

    def tools(self) -> list[dict[str, object]]:
        """The guarded functions whose effect is known, as `Client.register_tools` takes them (with a host key)."""
        return [
            {
                "name": tool.name,
                "description": tool.description,
                "parameters": schema_of(tool.signature),
                "effect": tool.effect,
            }
            for tool in self._tools.values()
            if tool.effect is not None
        ]

    def _wrapped(self, function: Callable[P, R], *, tool: Tool) -> Callable[P, R]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise ConfigurationError(
                f"{tool.name} is a generator, which runs piece by piece after the decision.",
                fix="Guard a function that does its work and returns.",
            )
        if inspect.iscoroutinefunction(function):
            return cast("Callable[P, R]", self._asynchronous(function, tool=tool))
        return self._blocking(function, tool=tool)

    def _blocking(self, function: Callable[P, R], *, tool: Tool) -> Callable[P, R]:
        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            wish = self._wish(tool, args=args, kwargs=kwargs)
            with self._connections.blocking() as client:
                permit = client.perform(authorise(wish))
                with BlockingExecution(permit, wish=wish, last=self._last, client=client) as run:
                    return run.keep(function(*permit.arguments.args, **permit.arguments.kwargs))

        return guarded

    def _asynchronous(self, function: Callable[P, Awaitable[R]], *, tool: Tool) -> Callable[P, Awaitable[R]]:
        @functools.wraps(function)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            wish = self._wish(tool, args=args, kwargs=kwargs)
            async with self._connections.asynchronous() as client:
                permit = await client.perform(authorise(wish))
                async with AsyncExecution(permit, wish=wish, last=self._last, client=client) as run:
                    return run.keep(await function(*permit.arguments.args, **permit.arguments.kwargs))

        return guarded

    def _wish(self, tool: Tool, *, args: tuple[object, ...], kwargs: dict[str, object]) -> Wish:
        self._last.set(None)
        session = self._session.get()
        if session is None:
            raise ConfigurationError(
                f"{tool.name} was called outside a session.", fix="Call it inside `with guard.session(…):`."
            )
        return tool.wish(session, args=args, kwargs=kwargs)
