"""Each request has a name of ours, an answer that nobody caches, and one line in the log without its path."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory

from aarm_site.middleware import RequestContextMiddleware
from receipts.access import Caller, CallerKind

# What is answered waits for the database, wherever an earlier test left a connection open.
pytestmark = [pytest.mark.urls("tests.unit.site.addresses"), pytest.mark.django_db]


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the access log was given, before it was made text."""
    return [
        record.msg for record in caplog.records if record.name == "aarm_site.access" and isinstance(record.msg, dict)
    ]


@pytest.mark.case("API-26")
def test_a_request_id_from_the_client_is_not_taken() -> None:
    plain, forged = Client().get("/good"), Client().get("/good", headers={"X-Request-Id": "req_mine"})
    assert plain["X-Request-Id"].startswith("req_")
    assert forged["X-Request-Id"].startswith("req_")
    assert "req_mine" not in (forged["X-Request-Id"], forged.content.decode())
    assert plain["X-Request-Id"] != forged["X-Request-Id"]


@pytest.mark.case("API-25")
@pytest.mark.parametrize("path", ["/good", "/api/good/x", "/nothing", "/api/plain/problem"])
def test_no_answer_may_be_cached_whatever_its_view_says(path: str) -> None:
    assert Client().get(path)["Cache-Control"] == "no-store"


def test_static_files_may_be_cached(rf: RequestFactory) -> None:
    middleware = RequestContextMiddleware(lambda request: HttpResponse(headers={"Cache-Control": "max-age=60"}))
    response = middleware(rf.get("/static/css/aarm.css"))
    assert isinstance(response, HttpResponse)
    assert response["Cache-Control"] == "max-age=60"


def test_the_log_has_the_pattern_and_neither_path_nor_query(caplog: pytest.LogCaptureFixture) -> None:
    Client().get("/api/good/very-secret", {"token": "also-secret"})
    (line,) = lines(caplog)
    assert (line["route"], line["method"], line["status"], line["caller"]) == (
        "/api/good/<str:secret>", "GET", 200, "anonymous",
    )  # fmt: skip
    assert line["duration_ms"] >= 0
    assert "secret" not in json.dumps({**line, "route": ""})


def test_an_address_that_is_not_there_is_logged_without_it(caplog: pytest.LogCaptureFixture) -> None:
    Client().get("/very-secret")
    assert lines(caplog)[0]["route"] == "unmatched"


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"auth": Caller(kind=CallerKind.AGENT, id="agt_1", name="demo-agent")}, "agent"),
        ({"auth": Caller(kind=CallerKind.HOST, id="hst_1", name="demo-host")}, "host"),
        ({"_cached_user": SimpleNamespace(is_authenticated=True)}, "user"),
        ({"_cached_user": SimpleNamespace(is_authenticated=False)}, "anonymous"),
        ({"auth": "something else"}, "anonymous"),
        ({}, "anonymous"),
    ],
)
def test_the_log_names_the_kind_of_caller_only(
    rf: RequestFactory, attributes: dict[str, Any], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        vars(request).update(attributes)
        return HttpResponse()

    RequestContextMiddleware(answer)(rf.get("/"))
    assert lines(caplog)[0]["caller"] == kind
    assert "demo" not in json.dumps(lines(caplog))


async def test_an_asynchronous_request_is_named_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    response = await AsyncClient().get("/api/good/x")
    assert response["X-Request-Id"].startswith("req_")
    assert len(lines(caplog)) == 1


async def test_a_client_that_goes_away_is_logged_and_its_request_cancelled(
    rf: RequestFactory, caplog: pytest.LogCaptureFixture
) -> None:
    async def cancelled(request: HttpRequest) -> HttpResponse:
        raise asyncio.CancelledError

    coming = RequestContextMiddleware(cancelled)(rf.get("/"))
    assert isinstance(coming, Awaitable)
    with pytest.raises(asyncio.CancelledError):
        await coming
    assert lines(caplog)[0]["status"] == 499


def test_every_line_of_a_request_carries_its_id(rf: RequestFactory) -> None:
    seen: list[Any] = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(structlog.contextvars.get_contextvars())
        return HttpResponse()

    structlog.contextvars.bind_contextvars(left_over="from the request before")
    response = RequestContextMiddleware(answer)(rf.get("/"))
    assert isinstance(response, HttpResponse)
    assert seen == [{"request_id": response["X-Request-Id"]}]
