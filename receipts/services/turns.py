"""Who may write to the log: any number of processes may try, and of each kind of work one at a time does it.

On PostgreSQL an advisory lock that ends with the transaction says which, on SQLite the lock that every transaction
takes on the whole file. Appending and signing are turns of their own, so that receipts get their places while a
checkpoint over many of them is computed.
"""

from __future__ import annotations

from enum import IntEnum

from django.db import connection


class Turn(IntEnum):
    """The number of the advisory lock: the product's and the log's name, and the kind of work."""

    APPENDING = 0x4141524D_4C4F47
    SIGNING = 0x4141524D_5349474E


def may_take(turn: Turn) -> bool:
    """Whether this transaction, and no other one until it ends, does this kind of work."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [turn.value])
        return bool(cursor.fetchone()[0])
