"""Doing to a stored receipt what the database refuses, as somebody who owns the tables could."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from receipts.models import Receipt

TABLE, GUARD = Receipt._meta.db_table, "aarm_row_guard"


def tamper(receipt: Receipt, **columns: Any) -> None:
    """Overwrites columns of a row that is append-only, and puts the guard back."""
    with unguarded(TABLE):
        assert Receipt.objects.filter(pk=receipt.pk).update(**columns) == 1


@contextmanager
def unguarded(table: str) -> Iterator[None]:
    """Without the guard of the table's rows, which is put back."""
    with connection.cursor() as cursor:
        # A table can't be altered while checks of its rows are still outstanding.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER {GUARD}')
        yield
        cursor.execute(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {GUARD}')
