"""Where sockets are found."""

from __future__ import annotations

from django.urls import path

from approvals.consumers import InboxConsumer

websocket_urlpatterns = [path("ws/inbox", InboxConsumer.as_asgi())]  # type: ignore[arg-type]  # a view in all but its type
