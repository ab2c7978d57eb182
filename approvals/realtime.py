"""Telling open pages that something changed. A message only says "refetch": losing one loses nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

INBOX_GROUP = "inbox"
MESSAGE = {"type": "inbox.changed"}
# Whoever committed waits no longer than this for a layer that accepts and says nothing; the outbox makes it good.
SEND_SECONDS = 0.5
log = structlog.get_logger(__name__)


class _Embedded:
    """The server's event loop, where web and worker share one process and an in-memory layer."""

    loop: asyncio.AbstractEventLoop | None = None


def use_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """An in-memory layer's queues wake only the loop that waits on them, so that threads must send there."""
    _Embedded.loop = loop


async def _send(layer: Any) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await layer.group_send(INBOX_GROUP, MESSAGE)


def announce() -> bool:
    """Sends "refetch" to every open inbox. False when the layer is down; the outbox then tries again."""
    layer = get_channel_layer()
    if layer is None:
        return False
    try:
        if _Embedded.loop is not None and _Embedded.loop.is_running():
            asyncio.run_coroutine_threadsafe(_send(layer), _Embedded.loop)
        else:
            async_to_sync(_send)(layer)
    except (OSError, RedisError) as error:
        log.warning("announce_failed", error=type(error).__name__)
        return False
    return True
