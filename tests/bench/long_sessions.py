"""Sessions that have had many actions, written by COPY: entries as the product chains them, and the row sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from psycopg import Cursor

from decisions.models import Session
from decisions.selectors.integrity import seal_of, sealed_values
from decisions.services.integrity import lock_session
from decisions.services.state import with_action
from receipts.clock import database_now
from receipts.signing.canonical import canonical_bytes, digest, sha256_digest
from tests.bench.action import OPERATION, TOOL

_COLUMNS = ("session_id", "position", "kind", "body", "previous_digest", "digest", "payload_id", "recorded_at")
_FILLER = sha256_digest(b"filler")


def lengthen(session_id: str, *, to: int) -> None:
    """Adds entries of allowed actions to a session until it has so many. Nothing but the entries is there of them."""
    with transaction.atomic(), connection.cursor() as cursor:
        session = lock_session(session_id)
        assert session is not None
        _copy_entries(cursor, session=session, to=to, at=database_now())  # type: ignore[arg-type]  # it passes calls on
        session.seal = seal_of(sealed_values(session), state=digest(session.state))
        session.save(update_fields=["state", "length", "head", "seal"])


def _copy_entries(cursor: Cursor[Any], *, session: Session, to: int, at: datetime) -> None:
    # Table and columns are the product's own.
    with cursor.copy(f"COPY decisions_contextentry ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
        for row in _entries(session, to=to, at=at):
            copy.write_row(row)


def _entries(session: Session, *, to: int, at: datetime) -> Iterator[tuple[Any, ...]]:
    while session.length < to:
        previous, position = session.head, session.length + 1
        session.state = with_action(session.state, name=f"{TOOL}.{OPERATION}", decision="ALLOW")
        body = canonical_bytes(
            {
                "tool": TOOL,
                "operation": OPERATION,
                "decision": "ALLOW",
                "evaluation": _FILLER,
                "labels": [],
                "commitments": {f"parameters/{name}": _FILLER for name in ("body", "priority", "subject", "to")},
                "kind": "action",
                "session": session.pk,
                "position": position,
                "previous": previous or None,
                "state": _FILLER,
                "at": at.isoformat(timespec="microseconds"),
            }
        )
        session.length, session.head = position, sha256_digest(body)
        yield session.pk, position, "action", body, previous, session.head, None, at
