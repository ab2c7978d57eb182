"""A websocket is opened by our own pages only."""

from __future__ import annotations

from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings

from aarm_site.asgi import WRONG_ORIGIN, OwnOriginOnly, application, is_own_origin


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "websocket", "path": "/ws/inbox", "headers": list(headers), "query_string": b"", "subprotocols": []}


HOST = (b"host", b"localhost:8000")


@pytest.fixture(autouse=True)
def own_address(settings: LazySettings) -> None:
    settings.AARM_BASE_URL = "http://127.0.0.1:8000"
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]


@pytest.mark.parametrize("origin", [b"http://127.0.0.1:8000", b"http://localhost:8000"])
def test_our_own_page_may_open_a_socket(origin: bytes) -> None:
    assert is_own_origin(scope(HOST, (b"origin", origin)))


@pytest.mark.case("CHN-21")
@pytest.mark.parametrize(
    "headers",
    [
        (HOST,),
        (HOST, (b"origin", b"")),
        (HOST, (b"origin", b"null")),
        (HOST, (b"origin", b"http://evil.example")),
        (HOST, (b"origin", b"http://localhost:9999")),
        (HOST, (b"origin", b"http://localhost")),
        (HOST, (b"origin", b"https://localhost:8000")),
        (HOST, (b"origin", b"http://localhost:8000.evil.example")),
        (HOST, (b"origin", b"http://localhost:8000"), (b"origin", b"http://evil.example")),
        ((b"origin", b"http://localhost:8000"),),
        ((b"host", b""), (b"origin", b"http://")),
    ],
)
def test_another_or_no_origin_may_not(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert is_own_origin(scope(HOST, (b"origin", b"http://localhost:8000")))
    assert not is_own_origin(scope(*headers))


async def _refused(answering: Any, given: dict[str, Any]) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await answering(given, receive, send)
    return sent


async def test_a_socket_of_another_port_is_closed_before_it_is_accepted() -> None:
    reached: list[bool] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        reached.append(True)

    foreign = scope(HOST, (b"origin", b"http://localhost:9999"))
    assert await _refused(OwnOriginOnly(inner), foreign) == [{"type": "websocket.close", "code": WRONG_ORIGIN}]
    assert reached == []
    assert await _refused(OwnOriginOnly(inner), scope(HOST, (b"origin", b"http://localhost:8000"))) == []
    assert reached == [True]


async def test_the_whole_application_closes_a_foreign_socket() -> None:
    foreign = WebsocketCommunicator(application, "/ws/inbox", headers=[HOST, (b"origin", b"http://evil.example")])
    is_accepted, _ = await foreign.connect()
    assert not is_accepted
    await foreign.disconnect()
