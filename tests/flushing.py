"""Emptying tables that refuse to be emptied, which only their owner may, between tests that commit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations

from receipts.protection import insert_only_tables, missing_protection, protect

original_flush = BaseDatabaseOperations.execute_sql_flush


def _lifting(connection: BaseDatabaseWrapper) -> Iterable[str]:
    """What takes the guards off. Nothing has to be taken off where a model's table hasn't been created."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            guarded = set(connection.introspection.table_names(cursor)) & set(insert_only_tables())
            return [f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in sorted(guarded)]
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'aarm_%%'")
        return [f'DROP TRIGGER "{name}"' for (name,) in cursor.fetchall()]


def flush_unguarded(operations: Any, sql_list: Iterable[str]) -> None:
    """Stands in for `execute_sql_flush` while tests run."""
    connection = operations.connection
    lifting = list(_lifting(connection))
    original_flush(operations, [*lifting, *sql_list])
    if lifting:
        protect(connection)
    assert missing_protection(connection) == []
