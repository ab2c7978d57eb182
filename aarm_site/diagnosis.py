"""What is wrong with an installation, in sentences: the checks of `/readyz`, and those that only operators can mend."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from redis import Redis
from redis.exceptions import RedisError

from aarm_site.celery import answering_workers
from aarm_site.health import CHECKS, Check
from receipts.clock import database_now
from receipts.selectors.log import newest_checkpoint, unpublished_copies, waiting_since
from receipts.selectors.outside import divergence, unreadable
from receipts.services import key_files

MAX_CLOCK_GAP_SECONDS = 2.0
MIN_SECRET_LENGTH = 32
# By which the clocks of a database and its successor may differ.
_CLOCK_SKEW = timedelta(seconds=5)
PING_SECONDS = 2.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
WIDE_HOSTS = {"*", "."}


def secret_key_problem() -> str:
    """Too short a key could be guessed, and sessions forged with it."""
    if len(settings.SECRET_KEY) < MIN_SECRET_LENGTH:
        return f"The secret key has fewer than {MIN_SECRET_LENGTH} characters: set AARM_SECRET_KEY to a random one."
    return ""


def base_url_problem() -> str:
    """Only the embedded product on loopback may do without TLS."""
    parts = urlsplit(settings.AARM_BASE_URL)
    if parts.scheme == "https" or (settings.AARM_IS_EMBEDDED and parts.hostname in LOOPBACK):
        return ""
    return f"AARM_BASE_URL is {settings.AARM_BASE_URL}, where everything travels unencrypted: use an https address."


def hosts_problem() -> str:
    """A wildcard lets another site's name lead here, and its pages then count as our own."""
    wide = [host for host in settings.ALLOWED_HOSTS if host in WIDE_HOSTS or host.startswith((".", "*"))]
    return f"AARM_ALLOWED_HOSTS is too wide: {', '.join(wide)}. Name each host." if wide else ""


def private_files() -> list[Path]:
    """Files that hold a secret of this installation."""
    return [*key_files(), Path(settings.AARM_DATA_DIR) / "secret_key"]


def key_files_problem() -> str:
    """Secrets that others on the machine can read."""
    found = [path for path in private_files() if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    return f"Others can read {', '.join(map(str, found))}: chmod 600." if found else ""


def ownership_problem() -> str:
    """Whether this very role could lift the guards of the receipts (RCP-33)."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR pg_has_role(current_user, c.relowner, 'MEMBER') FROM pg_roles, pg_class c "
            "WHERE rolname = current_user AND c.relname = 'receipts_receipt'"
        )
        row = cursor.fetchone()
    if row is None or not row[0]:
        return ""
    return (
        "DATABASE_URL signs in as a role that owns the receipts and could switch their protection off: "
        "migrate with AARM_MIGRATION_DATABASE_URL and give the application a role of its own."
    )


def clock_problem() -> str:
    """The database decides what is late; a gap makes what people are shown wrong."""
    gap = abs((datetime.now(UTC) - database_now()).total_seconds())
    if gap <= MAX_CLOCK_GAP_SECONDS:
        return ""
    return f"The clocks of this host and of the database differ by {gap:.1f} s: let both follow one time server."


def queue_problem() -> str:
    """Redis and the workers carry notices only, but nobody is notified without them."""
    if settings.AARM_IS_EMBEDDED:
        return ""
    try:
        Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=PING_SECONDS).ping()
        workers = answering_workers(timeout_seconds=PING_SECONDS)
    except (OSError, RedisError):
        return "Redis doesn't answer at REDIS_URL; approvals keep working, and nobody is notified of them."
    return "" if workers else "No worker answers: start ./run worker."


def sequencer_problem() -> str:
    """Receipts that wait for long are in no checkpoint, and so in nobody's copy."""
    newest = newest_checkpoint()
    if newest is not None and newest.signed_at > database_now() + _CLOCK_SKEW:
        return f"The newest checkpoint says {newest.signed_at:%Y-%m-%d %H:%M:%S}, which is to come: look at the clock."
    since = waiting_since()
    if since is None or (database_now() - since).total_seconds() <= 2 * settings.AARM_CHECKPOINT_SECONDS:
        return ""
    return f"A receipt of {since:%Y-%m-%d %H:%M:%S} still waits for its place in the log: does ./run worker run?"


def copies_problem() -> str:
    """Checkpoints that only this database has prove nothing against whoever can write it."""
    waiting = unpublished_copies().filter(attempts__gt=0).first()
    if waiting is not None:
        return f"Checkpoints are not yet copied to {waiting.sink.partition(':')[0]}: {waiting.why_not}"
    return " ".join(unreadable(settings.AARM_CHECKPOINT_SINKS))


def outside_problem() -> str:
    """Whether the database lacks what was copied out of it."""
    found = divergence(settings.AARM_CHECKPOINT_SINKS)
    return f"{found.sentence} To go on: ./run receipts acknowledge-loss." if found else ""


def checkpoint_folder_problem() -> str:
    """A folder beside the database is lost, or altered, together with it."""
    folder = Path(settings.AARM_CHECKPOINT_SINKS[0].removeprefix("dir:"))
    data = _database_folder()
    try:
        is_same = data is not None and data.stat().st_dev == folder.stat().st_dev
    except OSError:
        return ""
    return "AARM_CHECKPOINT_DIR lies on the database's own disk: use another one." if is_same else ""


def _database_folder() -> Path | None:
    """Where the database keeps its files, as far as this host and this role can see."""
    if connection.vendor == "sqlite":
        return Path(settings.AARM_DATA_DIR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
        row = cursor.fetchone()
    return Path(row[0]) if row else None


EVERY = (
    *(check for check in CHECKS if check.name != "background"),
    Check("secret_key", secret_key_problem),
    Check("base_url", base_url_problem),
    Check("hosts", hosts_problem),
    Check("key_files", key_files_problem),
    Check("ownership", ownership_problem),
    Check("clock", clock_problem),
    Check("sequencer", sequencer_problem),
    Check("copies", copies_problem),
    Check("outside", outside_problem),
    Check("same_disk", lambda: "" if settings.AARM_IS_EMBEDDED else checkpoint_folder_problem()),
    Check("queue", queue_problem),
)

EMBEDDED_NOTES = (
    "Embedded: one process on SQLite. Whoever can write the data folder can change what is in it.",
    "Embedded: no database role stands between the application and the receipts' guards; PostgreSQL adds that.",
    "Embedded: deadlines follow this host's clock.",
)


def notes() -> tuple[str, ...]:
    """What is as intended and still worth knowing."""
    if not settings.AARM_IS_EMBEDDED:
        return ()
    beside = checkpoint_folder_problem()
    return (*EMBEDDED_NOTES, f"Embedded: {beside}") if beside else EMBEDDED_NOTES
