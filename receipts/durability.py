"""Locks are let go of before the disk has what was written, and nothing is answered until it has (ADR 19).

Whoever waits for a session or a chain would otherwise wait for the disk too, once for each decision before its own.
What is committed is seen by others a moment before it is on disk. The database writes its log in order, so that what
they write is never there without what they saw, and `await_disk` keeps what they only read from leaving too early.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from receipts.driver import driver_connection, numbered_cursor, together

# In the last statement of a transaction, so that its COMMIT doesn't wait.
NOT_WAITING = "set_config('synchronous_commit', 'off', true)"
# It changes nothing and has to be on disk before it is answered, with everything that was committed before it.
_ON_DISK = "SELECT pg_logical_emit_message(true, 'aarm', '')"
# What a standby has yet to confirm can't be read off this server's own position.
_IS_BEHIND = (
    "SELECT pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn() "
    "OR current_setting('synchronous_standby_names') <> ''"
)


def can_commit_ahead() -> bool:
    """Whether the open transaction is the database's own, and not a part of a larger one."""
    return connection.vendor == "postgresql" and connection.in_atomic_block and not connection.savepoint_ids


def commit_ahead(sql: str, values: Sequence[Any]) -> None:
    """Executes the last statement of the open transaction, which says `NOT_WAITING`, commits, and waits for the disk.

    One round trip. The block of `atomic` around it then finds nothing left to commit.
    """
    driver = driver_connection()
    with together():
        numbered_cursor().execute(sql, values)
        driver.execute("COMMIT", prepare=False)
        driver.execute(_ON_DISK)


def await_disk() -> None:
    """Returns when everything that has been committed so far is on disk. Inside a transaction its COMMIT does that."""
    if connection.vendor != "postgresql" or connection.connection is None or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute(_IS_BEHIND)
        if cursor.fetchone()[0]:
            cursor.execute(_ON_DISK)
