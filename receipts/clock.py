"""One clock for every deadline: the database's. Application hosts may disagree about the time; rows must not.

`aarm_now()` is a function in the database (PostgreSQL: the statement's wall clock; SQLite: the host's, registered on
each connection), so that a condition such as `expires_at > aarm_now()` is decided where the row is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Func

# Shifted by tests only, and only on SQLite; on PostgreSQL they replace the function in their own database.
_sqlite_now = datetime.now


class DatabaseNow(Func):
    """The database's present moment, for use in filters and updates."""

    function = "aarm_now"
    template = "%(function)s()"
    output_field = DateTimeField()


def database_now() -> datetime:
    """The database's present moment, aware, UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT aarm_now()")
        return as_moment(cursor.fetchone()[0])


def as_moment(value: datetime | str) -> datetime:
    """What `aarm_now()` returned, aware: SQLite answers with text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _sqlite_text() -> str:
    """The host's time in the form in which Django stores times in SQLite."""
    return _sqlite_now(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def register_sqlite_clock(sender: object, connection: Any, **kwargs: object) -> None:
    """Gives a new SQLite connection its `aarm_now()`."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("aarm_now", 0, _sqlite_text)


POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION aarm_now() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT clock_timestamp()'
"""
