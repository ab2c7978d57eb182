"""Doing to a session's record what the database refuses, as somebody who owns the tables could."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from decisions.models import ContextEntry, Session
from receipts.signing.canonical import sha256_digest

ENTRIES = ContextEntry._meta.db_table
FORGED_DIGEST = "sha256:" + "0" * 64


def unguarded(change: Callable[[], object]) -> None:
    """Runs `change` while the table of entries takes changes, and puts the guard back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'ALTER TABLE "{ENTRIES}" DISABLE TRIGGER aarm_row_guard')
        change()
        cursor.execute(f'ALTER TABLE "{ENTRIES}" ENABLE ALWAYS TRIGGER aarm_row_guard')


def alter_entry(session_id: str, *, position: int, **columns: Any) -> None:
    """Overwrites columns of one entry."""
    rows = ContextEntry.objects.filter(session_id=session_id, position=position)
    unguarded(lambda: rows.update(**columns))


def forge_body(session_id: str, *, position: int) -> None:
    """Makes an entry say something else, with the digest of what it says now."""
    row = ContextEntry.objects.get(session_id=session_id, position=position)
    forged = bytes(row.body).replace(b'"kind":', b'"kind":"x","was":', 1)
    assert forged != bytes(row.body)
    alter_entry(session_id, position=position, body=forged, digest=sha256_digest(forged))


def remove_entry(session_id: str, *, position: int) -> None:
    """Deletes one entry."""
    rows = ContextEntry.objects.filter(session_id=session_id, position=position)
    unguarded(rows.delete)


@contextmanager
def put_back(session_id: str) -> Iterator[None]:
    """Puts the row and its entries back, after the block, to what they were before it: seal and chain fit."""
    before = Session.objects.filter(pk=session_id).values().get()
    yield
    rows = ContextEntry.objects.filter(session_id=session_id, position__gt=before["length"])
    unguarded(rows.delete)
    alter_session(session_id, **before)


def alter_session(session_id: str, **columns: Any) -> None:
    """Overwrites columns of the row, which no guard protects."""
    assert Session.objects.filter(pk=session_id).update(**columns) == 1
