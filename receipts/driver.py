"""What Django's cursors can't do on PostgreSQL: several statements in one round trip, and numbered placeholders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def together() -> Iterator[None]:
    """What is executed in this block goes to the database in one round trip, and is to be fetched after it.

    The statements run one after the other, each seeing what was committed before it began; after one that fails none
    does. On other databases each goes by itself.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.wrap_database_errors, driver_connection().pipeline():
        yield


def numbered_cursor() -> CursorWrapper:
    """Django's cursor around the driver's for statements with $1, $2, … in them.

    The driver reads through a statement with `%s` each time that it has more than fifty of them.
    """
    # It takes the same calls as the cursors of Django's own making, which the stubs ask for.
    raw: Any = psycopg.RawCursor(driver_connection())
    return connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)


def driver_connection() -> psycopg.Connection:
    """The one that Django uses in this thread, open."""
    connection.ensure_connection()
    found: psycopg.Connection = connection.connection
    return found
