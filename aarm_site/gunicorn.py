"""Settings of the WSGI server: `gunicorn -c python:aarm_site.gunicorn`. Bind address and worker count come from its
command line; here stands what must not be otherwise."""

from __future__ import annotations

import gc
import socket
import struct
from importlib import import_module
from typing import Any

from aarm_site.logs import logging_settings

wsgi_app = "aarm_site.wsgi:application"
logconfig_dict: dict[str, Any] = logging_settings()
# A client on the same host is not a proxy: only AARM_BEHIND_PROXY makes Django read the forwarded scheme (API-26).
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
# Connections stay open between requests, and what waits for one session in a worker is decided in one turn (ADR 22).
threads = 4
# Longer than clients and proxies keep theirs, so that none is closed while a request is on its way.
keepalive = 75
# Workers are managed by whatever started the server, not over a socket.
control_socket_disable = True
# A worker's own timeout is about its first thread, and not about those that read requests.
SILENT_SECONDS = 10


def when_ready(server: Any) -> None:
    """Whoever stops in the middle of a request gives its thread back: connections inherit this from their listener."""
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENT_SECONDS, 0))


def post_worker_init(worker: object) -> None:
    """Each worker compiles the policy and loads the key for itself, and a check of readiness reaches only one of them.

    Django and its models are there from here on, and not when this file is read.
    """
    import_module("aarm_site.warming").warm_up()
    # What is there now stays until the worker ends. To look through all of it for what can go takes tens of
    # milliseconds each time, at worst while a session waits.
    gc.collect()
    gc.freeze()
