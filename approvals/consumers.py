"""Live pages: a socket that says only "refetch". Votes are never taken over it (CHN-24)."""

from __future__ import annotations

import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from approvals.models import User
from approvals.realtime import INBOX_GROUP

NOT_SIGNED_IN, NOT_ALLOWED = 4401, 4403
PERMISSIONS = ("approvals.review", "receipts.audit")
PONG, REFETCH = json.dumps({"type": "pong"}), json.dumps({"type": "refetch"})


@database_sync_to_async
def _may_listen(user_id: int) -> bool:
    """Asked of the database at the start and at every ping, so that a lost role closes the socket (CHN-23)."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user is not None and any(user.has_perm(name) for name in PERMISSIONS)


class InboxConsumer(AsyncWebsocketConsumer):
    """`/ws/inbox`"""

    def _user_id(self) -> int | None:
        user = self.scope["user"]
        return user.pk if user is not None and user.is_authenticated else None

    async def connect(self) -> None:
        user_id = self._user_id()
        if user_id is None:
            await self.close(NOT_SIGNED_IN)
        elif not await _may_listen(user_id):
            await self.close(NOT_ALLOWED)
        else:
            await self.channel_layer.group_add(INBOX_GROUP, self.channel_name)
            await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(INBOX_GROUP, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Whatever is sent is a ping; its content is not looked at."""
        user_id = self._user_id()
        if user_id is not None and await _may_listen(user_id):
            await self.send(PONG)
        else:
            await self.close(NOT_ALLOWED)

    async def inbox_changed(self, message: dict[str, Any]) -> None:
        """From the channel layer."""
        await self.send(REFETCH)
