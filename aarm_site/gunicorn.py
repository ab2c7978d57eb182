"""Settings of the WSGI server: `gunicorn -c python:aarm_site.gunicorn`. Bind address and worker count come from its
command line; here stands what must not be otherwise."""

from __future__ import annotations

from typing import Any

from aarm_site.logs import logging_settings

wsgi_app = "aarm_site.wsgi:application"
logconfig_dict: dict[str, Any] = logging_settings()
# A client on the same host is not a proxy: only AARM_BEHIND_PROXY makes Django read the forwarded scheme (API-26).
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
# Workers are managed by whatever started the server, not over a socket.
control_socket_disable = True
