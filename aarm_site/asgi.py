"""The asynchronous door: pages, waiting requests and websockets."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aarm_site.settings.prod")
# Models can only be imported once this has run.
django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from approvals.routing import websocket_urlpatterns  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
WRONG_ORIGIN = 4403


def _header(scope: Mapping[str, Any], name: bytes) -> str:
    """The value of a header that was sent exactly once, else the empty string."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


def is_own_origin(scope: Mapping[str, Any]) -> bool:
    """Whether the page that opens the socket came from this very host, port included.

    The list of allowed hosts alone would let in a page from another port of the same machine, and ports share cookies.
    """
    own, origin = urlsplit(settings.AARM_BASE_URL), urlsplit(_header(scope, b"origin"))
    return origin.scheme == own.scheme and origin.netloc in {own.netloc, _header(scope, b"host")} - {""}


class OwnOriginOnly:
    """Closes a socket that another site's page opens, before it is accepted (CHN-21)."""

    def __init__(self, application: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_own_origin(scope):
            await self.application(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": WRONG_ORIGIN})


application = ProtocolTypeRouter({
    "http": django_application,
    # The stubs know neither an ASGI application that is a class nor a route to one.
    "websocket": AllowedHostsOriginValidator(
        OwnOriginOnly(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))  # type: ignore[arg-type]
    ),
})  # fmt: skip
