"""The embedded product: one process, SQLite, loopback. Its secrets are made on first use, in the data folder."""

from __future__ import annotations

import os
import secrets

from aarm_site.settings.base import *  # noqa: F403
from aarm_site.settings.base import ENV


def _kept_secret() -> str:
    """The secret key of this data folder; only one of two first starts gets to write it."""
    path = ENV.data_dir / "secret_key"
    ENV.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        value = secrets.token_urlsafe(48)
        file.write(value)
    return value


SECRET_KEY = ENV.secret_key or _kept_secret()
ALLOWED_HOSTS = [*filter(None, ENV.allowed_hosts.split(",")), "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS: list[str] = []
# Two instances on one host differ only by port, and cookies don't know ports.
SESSION_COOKIE_NAME = f"aarm_session_{ENV.port}"
# Whoever tries the product out begins anew with each session.
AARM_TAINT_CARRY_SECONDS = ENV.taint_carry_seconds if "taint_carry_seconds" in ENV.model_fields_set else 0
AARM_TURNED_DOWN_SECONDS = ENV.turned_down_seconds if "turned_down_seconds" in ENV.model_fields_set else 0
AARM_MAY_SEED_DEMO = True
