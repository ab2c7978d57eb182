"""The websocket as a browser uses it, for tests that act in the database while it is open."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from aarm_site.asgi import application
from approvals.models import User
from tests.api.doors import open_transaction_kept

REFETCH, PONG = {"type": "refetch"}, {"type": "pong"}
ARRIVES_SECONDS = 5
Talk = Callable[[WebsocketCommunicator], Awaitable[None]]


def socket_of(user: User | None, *, origin: str = "", path: str = "/ws/inbox", key: str = "") -> WebsocketCommunicator:
    """A websocket as this person's browser opens it, from our own page unless another is named."""
    own = settings.AARM_BASE_URL
    headers = [(b"origin", (origin or own).encode()), (b"host", urlsplit(own).netloc.encode())]
    if user is not None:
        client = Client()
        client.force_login(user)
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        headers.append((b"cookie", cookie.encode()))
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    return WebsocketCommunicator(application, path, headers=headers)


def talk(socket: WebsocketCommunicator, conversation: Talk) -> None:
    """Opens the socket, talks, and closes it. What the conversation does in the database happens in this thread."""

    async def whole() -> None:
        is_open, code = await socket.connect(timeout=ARRIVES_SECONDS)
        assert is_open, code
        await conversation(socket)
        await socket.disconnect()

    with open_transaction_kept():
        async_to_sync(whole)()


def closing_code(socket: WebsocketCommunicator) -> int | None:
    """The code with which the socket was closed before it was accepted; nothing if it was accepted."""

    async def attempt() -> int | None:
        is_open, code = await socket.connect(timeout=ARRIVES_SECONDS)
        await socket.disconnect()
        return None if is_open else int(code or 0)

    with open_transaction_kept():
        return async_to_sync(attempt)()


async def next_message(socket: WebsocketCommunicator) -> Any:
    return json.loads(await socket.receive_from(timeout=ARRIVES_SECONDS))
