"""Many processes on PostgreSQL and Redis. It refuses to start with what would be unsafe, in sentences."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from aarm_site.settings.base import *  # noqa: F403
from aarm_site.settings.base import DATABASES, ENV

REFUSALS: list[tuple[bool, str]] = [
    (ENV.debug, "AARM_DEBUG is on: unset it, debug pages show secrets."),
    (
        len(ENV.secret_key) < 32,
        "AARM_SECRET_KEY is unset or shorter than 32 characters: set it, or AARM_SECRET_KEY_FILE.",
    ),
    (not ENV.database_url.startswith("postgres"), "DATABASE_URL must name a PostgreSQL database."),
    (not ENV.redis_url, "REDIS_URL is unset: workers and web processes need it to find each other."),
    (urlsplit(ENV.base_url).scheme != "https", "AARM_BASE_URL must start with https://."),
    (
        ENV.signing_key_file is None and not ENV.signer,
        "AARM_SIGNING_KEY_FILE is unset: name the file that holds the signing key, or set AARM_SIGNER.",
    ),
    (
        ENV.payload_key_file is None,
        "AARM_PAYLOAD_KEY_FILE is unset: name the file, shared by all processes, of the keys that values are under.",
    ),
]


def _refuse_unsafe() -> None:
    problems = [sentence for is_wrong, sentence in REFUSALS if is_wrong]
    if problems:
        raise ImproperlyConfigured("AARM Site will not start: " + " ".join(problems))


_refuse_unsafe()
ALLOWED_HOSTS = [*filter(None, ENV.allowed_hosts.split(",")), urlsplit(ENV.base_url).hostname or ""]
CSRF_TRUSTED_ORIGINS = [ENV.own_base_url]
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = 31536000
if ENV.tier == "decide":
    # A worker's threads serve one request after the other each, so that each one's connection can stay, and the few
    # statements that a decision takes can stay prepared on it.
    # After a restart of the database the first request of each worker is refused, and its retry finds a new connection:
    # asking before every request whether the connection lives would cost them all a round trip.
    DATABASES["default"] |= {"CONN_MAX_AGE": None}
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "server_side_binding": True,
        "prepare_threshold": 2,
    }
else:
    # Under ASGI each request has a thread, and so a connection, of its own: a pool spares it the sign-in.
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": 16, "timeout": 5},
    }
if ENV.behind_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
