"""Outermost: names each request, forbids caching its answer, and writes the one line that the log has of it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from aarm_site.errors import TRANSLATIONS, answer_to
from receipts.access import Caller

log = structlog.get_logger("aarm_site.access")

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
CLIENT_WENT_AWAY = 499


def _caller_kind(request: HttpRequest) -> str:
    """Who called, as far as somebody asked already: reading `request.user` would cost a query, and fail in async."""
    caller = getattr(request, "auth", None)
    if isinstance(caller, Caller):
        return caller.kind.value
    user = getattr(request, "_cached_user", None)
    return "user" if user is not None and user.is_authenticated else "anonymous"


def _route(request: HttpRequest) -> str:
    """The pattern and not the path: a path holds ids, and that of a sign-in link its token."""
    match = request.resolver_match
    return f"/{match.route}" if match is not None else "unmatched"


class RequestContextMiddleware:
    """`X-Request-Id` is always our own: one that a client may choose could be made to look like another's."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._call_async(request)
        started = self._open(request)
        response = self.get_response(request)
        assert isinstance(response, HttpResponseBase)
        return self._close(request, response, started)

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        started = self._open(request)
        coming = self.get_response(request)
        assert isinstance(coming, Awaitable)
        try:
            response = await coming
        except asyncio.CancelledError:
            self._write_line(request, CLIENT_WENT_AWAY, started)
            raise
        return self._close(request, response, started)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What a plain view raises and the table knows by name; the rest goes on to Django's 500."""
        is_known = any(cls in TRANSLATIONS for cls in type(exception).__mro__ if cls is not BaseException)
        return answer_to(request, exception) if is_known else None

    def _open(self, request: HttpRequest) -> float:
        request.request_id = f"req_{secrets.token_hex(13)}"  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]
        return time.perf_counter()

    def _close(self, request: HttpRequest, response: HttpResponseBase, started: float) -> HttpResponseBase:
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        if not request.path.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store"
        self._write_line(request, response.status_code, started)
        return response

    def _write_line(self, request: HttpRequest, status: int, started: float) -> None:
        log.info(
            "request",
            method=request.method,
            route=_route(request),
            status=status,
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
            caller=_caller_kind(request),
        )
