"""The life of signing keys: the next one takes over, the last one retires, a stolen one is revoked.

A rotation has no gap and needs no restart. From one commit on the database names the new key, and whoever issues a
receipt reads that name together with the row that it locks anyway. Transactions that had begun before may still sign
with the old key, so it retires only when they have ended; none of them is held up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from receipts.clock import database_now
from receipts.models import PublishedKey, Receipt, Unsequenced
from receipts.selectors.key_history import KEY_STREAM
from receipts.selectors.keys import active_key_id
from receipts.selectors.log import log_size
from receipts.services.issuing import issue_receipt
from receipts.services.keys import keyring, publish_key, signer_of, unavailable
from receipts.services.sequencing import sequence_waiting
from receipts.signers import SignerError
from receipts.signing.jwk import History, jwk_of
from receipts.signing.keys import Signer
from receipts.signing.statement import ReceiptType

WAIT_SECONDS = 30.0
POLL_SECONDS = 0.02

# Each running transaction holds the lock of its own virtual id from its first statement to its end. Vacuum workers,
# which belong to nobody, issue nothing.
_RUNNING = """
SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'virtualxid' AND a.datname = current_database() AND a.usename IS NOT NULL
AND l.pid <> pg_backend_pid()
"""


class RevocationReason(StrEnum):
    """Fixed words, because what is signed can't be erased."""

    COMPROMISED = "compromised"
    SUSPECTED = "suspected"
    LOST = "lost"


class KeyChangeError(Exception):
    """A key can't be changed like this. `why` and `fix` are sentences for operators."""

    def __init__(self, why: str, *, fix: str) -> None:
        super().__init__(why)
        self.why = why
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Rotation:
    """Whose place was taken by whom."""

    old: str
    new: str


def prepare_key() -> str:
    """Makes a key that nobody knows yet, to be brought to every host before `rotate_key` takes it. Returns its id."""
    return _made().key_id


def rotate_key(*, to: str | None = None, is_old_lost: bool = False) -> Rotation:
    """Lets a fresh key, or the prepared one `to`, sign from now on, and retires the one before it.

    The old key signs for the new one unless it is lost. Raises KeyChangeError, and `signing_unavailable`.
    """
    new = signer_of(to) if to else _made()
    with transaction.atomic():
        old = _active_for_update()
        if PublishedKey.objects.filter(pk=new.key_id).exists():
            raise KeyChangeError("That key was published before.", fix="Rotate to a new key: ./run keys rotate.")
        # A clock that was set back must not make the old key the newest.
        at = max(database_now(), old.created_at + timedelta(microseconds=1))
        if is_old_lost:
            publish_key(new, history=History(at))
        _issue_creation(new, at=at, is_endorsed=not is_old_lost)
        if not is_old_lost:
            publish_key(new, history=History(at))
    retire_key(key_id=old.key_id)
    return Rotation(old.key_id, new.key_id)


def retire_key(*, key_id: str) -> None:
    """Ends a key that no longer signs. What it signed stays valid. Raises KeyChangeError."""
    _require_successor(key_id)
    _wait_for_earlier_transactions()
    # Whoever keeps a copy of the key can state any time, but gets no place below this. Where what it signed by right
    # gets none now, as while an alarm is open, time alone ends it.
    place: dict[str, Any] = {"log_size": log_size()} if _is_settled(key_id) else {}
    with transaction.atomic():
        row = _row_for_update(key_id)
        if row.retired_at is not None:
            raise KeyChangeError("That key has retired already.", fix="See ./run keys list.")
        row.retired_at = database_now()
        row.jwk = {**row.jwk, "retired_size": place["log_size"]} if place else row.jwk
        row.save(update_fields=["retired_at", "jwk"])
        _issue_end(ReceiptType.KEY_RETIRED, row=row, at=row.retired_at, **place)


def revoke_key(*, key_id: str, reason: RevocationReason) -> int:
    """Tells everybody that somebody else may have the key; returns the size of the log by then.

    Its receipts count from now on only where the log proves that they were in it before. What the key signed by right
    gets a moment to be committed and to get its place; what hasn't by then no longer counts, since a thief could hold
    up the revocation with a transaction, or with a receipt that never gets a place. Raises KeyChangeError.
    """
    _require_successor(key_id)
    # A key retires when all transactions that might sign with it have ended: none is waited for twice.
    if PublishedKey.objects.filter(pk=key_id, retired_at=None).exists():
        _have_earlier_ended()
    _is_settled(key_id)
    size = log_size()
    with transaction.atomic():
        row = _row_for_update(key_id)
        if row.revoked_at is not None:
            raise KeyChangeError("That key has been revoked already.", fix="See ./run keys list.")
        row.revoked_at = database_now()
        row.jwk = {**row.jwk, "revoked_size": size}
        row.save(update_fields=["revoked_at", "jwk"])
        _issue_end(ReceiptType.KEY_REVOKED, row=row, at=row.revoked_at, reason=reason, log_size=size)
    return size


def _made() -> Signer:
    try:
        return keyring().create()
    except SignerError as error:
        raise unavailable(error.why) from error


def _active_for_update() -> PublishedKey:
    """The key that signs now, locked: two rotations at once would each retire the same key."""
    # All rows: locking the newest alone would let a second rotation overlook the one that the first publishes.
    list(PublishedKey.objects.select_for_update().order_by("key_id"))
    active = active_key_id()
    if active is None:
        raise KeyChangeError("No key has been published yet.", fix="Publish the first one: ./run keys create.")
    return PublishedKey.objects.get(pk=active)


def _row_for_update(key_id: str) -> PublishedKey:
    row = PublishedKey.objects.select_for_update().filter(pk=key_id).first()
    if row is None:
        raise KeyChangeError("No key of that id was ever published.", fix="See ./run keys list.")
    return row


def _require_successor(key_id: str) -> None:
    if active_key_id() == key_id:
        raise KeyChangeError("That key signs now.", fix="Let another one take over first: ./run keys rotate.")


def _have_earlier_ended() -> bool:
    """Whether every transaction that had begun before has ended in time. SQLite lets writers in one by one anyway."""
    if connection.vendor != "postgresql":
        return True
    earlier = _running_transactions()
    return _comes_true(lambda: not earlier & _running_transactions())


def _wait_for_earlier_transactions() -> None:
    if not _have_earlier_ended():
        raise KeyChangeError(
            "Transactions that had begun before still run, and may sign with the old key.",
            fix="The new key signs already. When they have ended, or been ended: ./run keys retire KEY_ID.",
        )


def _is_settled(key_id: str) -> bool:
    """Whether all that the key signed has its place in the log, or gets it in time."""

    def is_settled() -> bool:
        sequence_waiting()
        return not Receipt.objects.filter(key_id=key_id, pk__in=Unsequenced.objects.values("receipt_id")).exists()

    return _comes_true(is_settled)


def _comes_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _running_transactions() -> set[str]:
    """Not to be asked inside a transaction, which would be told the same again and again."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING)
        return {name for (name,) in cursor.fetchall()}


def _issue_creation(signer: Signer, *, at: datetime, is_endorsed: bool) -> None:
    jwk = jwk_of(signer.public, history=History(at))
    key = {"key_id": signer.key_id, "algorithm": signer.algorithm, "jwk": jwk}
    body = {"key": key, "endorsed": is_endorsed}
    issue_receipt(type=ReceiptType.KEY_CREATED, stream=KEY_STREAM, body=body, at=at)


def _issue_end(type: ReceiptType, *, row: PublishedKey, at: datetime, **facts: Any) -> None:
    key = {"key_id": row.pk, "algorithm": row.jwk["alg"], **facts}
    issue_receipt(type=type, stream=KEY_STREAM, body={"key": key}, at=at)
