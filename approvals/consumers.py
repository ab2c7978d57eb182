"""Live pages: a socket that says only "refetch". Votes are never taken over it (CHN-24).

Who may listen is asked of the database when a socket opens, at every ping, and every few seconds for all open sockets
of the process at once, so that a session that ended and a role that was lost close them in a silent browser too.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from approvals.realtime import INBOX_GROUP
from approvals.selectors.listeners import permitted

NOT_SIGNED_IN, NOT_ALLOWED = 4401, 4403
LOOK_SECONDS = 3.0
PONG, REFETCH = json.dumps({"type": "pong"}), json.dumps({"type": "refetch"})


@database_sync_to_async
def _permitted(keys: frozenset[str]) -> frozenset[str]:
    return permitted(keys)


async def _still_permitted(keys: frozenset[str]) -> frozenset[str]:
    """While the database is away everybody stays: a socket says nothing that would have to be kept from them."""
    try:
        return await _permitted(keys)
    except DatabaseError:
        return keys


class OpenSockets:
    """The open sockets of one event loop, and the one task that looks after them while there are any."""

    def __init__(self) -> None:
        self._open: set[InboxConsumer] = set()
        self._look: asyncio.Task[None] | None = None

    def add(self, socket: InboxConsumer) -> None:
        """From now on the socket is looked after."""
        self._open.add(socket)
        loop = asyncio.get_running_loop()
        if self._look is None or self._look.done() or self._look.get_loop() is not loop:
            self._look = loop.create_task(self._looking())

    def forget(self, socket: InboxConsumer) -> None:
        """The socket was closed."""
        self._open.discard(socket)

    async def _looking(self) -> None:
        while self._open:
            await asyncio.sleep(LOOK_SECONDS)
            looked_at = tuple(self._open)
            allowed = await _still_permitted(frozenset(socket.session_key for socket in looked_at))
            lost = [socket for socket in looked_at if socket.session_key not in allowed]
            self._open.difference_update(lost)
            # One that is closing by itself just then is closed all the same.
            await asyncio.gather(*(socket.close(NOT_ALLOWED) for socket in lost), return_exceptions=True)


_sockets = OpenSockets()


class InboxConsumer(AsyncWebsocketConsumer):
    """`/ws/inbox`"""

    @property
    def session_key(self) -> str:
        """The session that the browser sent; empty without one."""
        return self.scope["session"].session_key or ""

    async def _may_listen(self) -> bool:
        return bool(await _permitted(frozenset({self.session_key})))

    async def connect(self) -> None:
        user = self.scope["user"]
        if user is None or not user.is_authenticated:
            await self.close(NOT_SIGNED_IN)
        elif not await self._may_listen():
            await self.close(NOT_ALLOWED)
        else:
            await self.channel_layer.group_add(INBOX_GROUP, self.channel_name)
            await self.accept()
            _sockets.add(self)

    async def disconnect(self, code: int) -> None:
        _sockets.forget(self)
        await self.channel_layer.group_discard(INBOX_GROUP, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Whatever is sent is a ping; its content is not looked at."""
        if await self._may_listen():
            await self.send(PONG)
        else:
            await self.close(NOT_ALLOWED)

    async def inbox_changed(self, message: dict[str, Any]) -> None:
        """From the channel layer."""
        await self.send(REFETCH)
