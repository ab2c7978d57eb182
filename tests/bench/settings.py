"""Production's settings with the yardsticks beside the product's own addresses, on the same connections."""

from __future__ import annotations

import os
from typing import Any

from aarm_site.settings.base import DATABASES, INSTALLED_APPS
from aarm_site.settings.prod import *  # noqa: F403

# A worker of a WSGI server keeps its connection. Under ASGI each request has a thread of its own, and threads share a
# pool that is as large as the number of requests at a time.
CONNECTIONS: dict[str, dict[str, Any]] = {
    "persistent": {"CONN_MAX_AGE": None},
    "pooled": {"CONN_MAX_AGE": 0, "OPTIONS": {"pool": {"min_size": 2, "max_size": 16}}},
}


def with_connections(entry: dict[str, Any], *, kind: str) -> dict[str, Any]:
    """Django's database entry with connections that outlive a request."""
    chosen = CONNECTIONS[kind]
    return entry | chosen | {"OPTIONS": {**entry.get("OPTIONS", {}), **chosen.get("OPTIONS", {})}}


ROOT_URLCONF = "tests.bench.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench"]
DATABASES = {
    "default": with_connections(DATABASES["default"], kind=os.environ.get("AARM_BENCH_CONNECTIONS", "persistent"))
}
