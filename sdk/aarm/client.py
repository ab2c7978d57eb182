"""`Client` and `AsyncClient`: the same conversations over blocking sockets or asyncio.

Neither turns an error into an ALLOW: whatever is not a complete, matching answer of the server raises an AarmError.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import ssl
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar, cast
from urllib.parse import urlsplit

import httpx

from aarm import flows
from aarm.answers import Lost, Reply
from aarm.calls import Call
from aarm.errors import ConfigurationError
from aarm.flows import Flow, Pause

DEFAULT_TIMEOUT_SECONDS = 10.0
MAX_RETRY_AFTER_SECONDS = 3600.0
P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is and who calls. The key is never shown."""

    url: str
    key: str = field(repr=False)
    timeout_seconds: float

    @property
    def is_loopback(self) -> bool:
        """On this machine, so that no proxy of the environment stands between."""
        return urlsplit(self.url).hostname in ("127.0.0.1", "::1", "localhost")

    def request(self, call: Call) -> httpx.Request:
        """The HTTP request for a call."""
        return httpx.Request(
            call.method,
            self.url + call.path,
            content=call.body,
            headers={
                "Accept": "application/json, application/problem+json",
                "Authorization": f"Bearer {self.key}",
                "Cache-Control": "no-store",
                "User-Agent": "aarm-python",
                **call.headers,
            },
            extensions={"timeout": httpx.Timeout(self.timeout_seconds + call.hold_seconds).as_dict()},
        )


def _described(method: M, *, flow: Callable[..., object]) -> M:
    """Gives a generated method the name, the documentation and, after `self`, the signature of its flow."""
    functools.update_wrapper(method, flow)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    shape = inspect.signature(flow)
    returned = str(shape.return_annotation).removeprefix("Flow[").removesuffix("]")
    shown = shape.replace(parameters=[own, *shape.parameters.values()], return_annotation=returned)
    method.__signature__ = shown  # type: ignore[attr-defined]
    return method


def _blocking(flow: Callable[P, Flow[T]]) -> Callable[Concatenate[Client, P], T]:
    """A method of Client that drives `flow` to its end."""

    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.perform(flow(*args, **kwargs))

    return _described(method, flow=flow)


def _awaiting(flow: Callable[P, Flow[T]]) -> Callable[Concatenate[AsyncClient, P], Coroutine[object, object, T]]:
    """A method of AsyncClient that drives `flow` to its end."""

    async def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.perform(flow(*args, **kwargs))

    return _described(method, flow=flow)


class Client:
    """Talks to one server with one key (an agent's or a host's). Safe to share between threads.

    `url` and `key` default to the environment's AARM_URL and AARM_KEY. `timeout_seconds` bounds each step of an
    exchange (connect, write, read); a long poll adds the seconds that the server was asked to hold.
    """

    def __init__(
        self, url: str | None = None, key: str | None = None, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        self.address = resolve_address(url=url, key=key, timeout_seconds=timeout_seconds)
        self._http = httpx.Client(verify=_tls(), trust_env=not self.address.is_loopback)

    open_session = _blocking(flows.open_session)
    add_message = _blocking(flows.add_message)
    end_session = _blocking(flows.end_session)
    register_tools = _blocking(flows.register_tools)
    decide = _blocking(flows.decide)
    get_decision = _blocking(flows.get_decision)
    wait_for = _blocking(flows.wait_for)
    claim = _blocking(flows.claim)
    report_outcome = _blocking(flows.report_outcome)
    answer = _blocking(flows.answer)
    cancel = _blocking(flows.cancel)
    add_evidence = _blocking(flows.add_evidence)
    receipt = _blocking(flows.receipt)

    def perform(self, flow: Flow[T]) -> T:
        """Does what a flow asks for until it returns; its errors pass through."""
        result: Reply | Lost | None = None
        while True:
            try:
                step = flow.send(result)
            except StopIteration as done:
                return cast("T", done.value)
            result = self._take(step)

    def close(self) -> None:
        """Closes the pooled connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.address.url!r})"

    def _take(self, step: Call | Pause) -> Reply | Lost | None:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            return _reply(self._http.send(self.address.request(step)))
        except httpx.RequestError as error:
            return _lost(error)


class AsyncClient:
    """The same as Client for asyncio. One instance belongs to one event loop."""

    def __init__(
        self, url: str | None = None, key: str | None = None, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        self.address = resolve_address(url=url, key=key, timeout_seconds=timeout_seconds)
        self._http = httpx.AsyncClient(verify=_tls(), trust_env=not self.address.is_loopback)

    open_session = _awaiting(flows.open_session)
    add_message = _awaiting(flows.add_message)
    end_session = _awaiting(flows.end_session)
    register_tools = _awaiting(flows.register_tools)
    decide = _awaiting(flows.decide)
    get_decision = _awaiting(flows.get_decision)
    wait_for = _awaiting(flows.wait_for)
    claim = _awaiting(flows.claim)
    report_outcome = _awaiting(flows.report_outcome)
    answer = _awaiting(flows.answer)
    cancel = _awaiting(flows.cancel)
    add_evidence = _awaiting(flows.add_evidence)
    receipt = _awaiting(flows.receipt)

    async def perform(self, flow: Flow[T]) -> T:
        """Does what a flow asks for until it returns; its errors pass through."""
        result: Reply | Lost | None = None
        while True:
            try:
                step = flow.send(result)
            except StopIteration as done:
                return cast("T", done.value)
            result = await self._take(step)

    async def close(self) -> None:
        """Closes the pooled connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.address.url!r})"

    async def _take(self, step: Call | Pause) -> Reply | Lost | None:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        try:
            return _reply(await self._http.send(self.address.request(step)))
        except httpx.RequestError as error:
            return _lost(error)


def resolve_address(
    *, url: str | None = None, key: str | None = None, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> Address:
    """What was given, else the environment's AARM_URL and AARM_KEY. Raises ConfigurationError."""
    where = (url or os.environ.get("AARM_URL", "")).rstrip("/")
    parts = urlsplit(where)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f"{where!r} is not the address of a server.", fix="Set AARM_URL, for example to https://aarm.corp.example."
        )
    who = key or os.environ.get("AARM_KEY", "")
    if not (who.isascii() and who.isprintable() and who):
        raise ConfigurationError("There is no usable key.", fix="Set AARM_KEY to the key that the server showed once.")
    return Address(url=where, key=who, timeout_seconds=timeout_seconds)


@functools.cache
def _tls() -> ssl.SSLContext:
    # Loading the certificate authorities takes tens of milliseconds, and short-lived clients need it each time.
    return httpx.create_ssl_context()


def _reply(response: httpx.Response) -> Reply:
    seconds = response.headers.get("Retry-After", "")
    is_readable = seconds.isascii() and seconds.isdigit()
    return Reply(
        status=response.status_code,
        content=response.content,
        retry_after_seconds=min(float(seconds), MAX_RETRY_AFTER_SECONDS) if is_readable else None,
    )


def _lost(error: httpx.RequestError) -> Lost:
    is_unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    return Lost(why=str(error) or type(error).__name__, is_unsent=is_unsent)
