"""Signing checkpoints: at most some seconds after a receipt, and only what follows from the last one.

The new root is computed from the last checkpoint's own tree and from the bytes of the receipts that have come since,
not from hashes that were stored in between. Whoever alters stored rows gets no signature over what they made of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from receipts.clock import database_now
from receipts.models import AlarmCode, Checkpoint, CheckpointCopy, LogEntry
from receipts.selectors.keys import active_key_id, published_keys, verify_own_checkpoint
from receipts.selectors.log import (
    MissingNodeError,
    frontier_at,
    log_alarms,
    log_origin,
    log_size,
    newest_checkpoint,
    split_nodes,
)
from receipts.selectors.verification import envelope_of
from receipts.services.alarms import is_acknowledged, raise_alarm
from receipts.services.history import is_own_history
from receipts.services.keys import signer_of, unavailable
from receipts.services.recovery import compare_with_folder
from receipts.services.turns import Turn, may_take
from receipts.signers import SignerError
from receipts.signing.checkpoint import Checkpoint as Said
from receipts.signing.checkpoint import sign_checkpoint
from receipts.signing.errors import CheckpointError, VerificationError
from receipts.signing.merkle import Frontier, leaf_hash
from receipts.signing.proofs import digest_bytes

log = structlog.get_logger(__name__)
# What one checkpoint may cover anew, so that a long queue is signed for in steps.
MAX_NEW = 50_000


class AlteredReceiptError(CheckpointError):
    """A receipt has other bytes than when it was put into the log."""

    def __init__(self, receipt_id: str) -> None:
        super().__init__(f"Receipt {receipt_id} is not what was put into the log.")
        self.receipt_id = receipt_id


def sign_due_checkpoint() -> Checkpoint | None:
    """The checkpoint that was due, signed and queued for every place outside; None if none was, or none may be.

    Only the folder is looked at each time: signing waits for no place that may hang. The background verifier asks the
    others. Raises `signing_unavailable`, `log_halted`.
    """
    size = log_size()
    if not is_due(newest_checkpoint(), size=size, at=database_now()):
        return None
    if not compare_with_folder() or not is_own_history():
        return None
    try:
        with transaction.atomic():
            return _signed() if may_take(Turn.SIGNING) else None
    except SignerError as error:
        raise unavailable(error.why) from error
    except AlteredReceiptError as error:
        raise_alarm(AlarmCode.ALTERED, subject=error.receipt_id, sentence=error.why)
        return None
    except (CheckpointError, VerificationError, MissingNodeError) as error:
        raise_alarm(AlarmCode.INCONSISTENT, subject=f"size {size}", sentence=f"No checkpoint of it was signed. {error}")
        return None


def _signed() -> Checkpoint | None:
    last, at, size = newest_checkpoint(), database_now(), log_size()
    if not is_due(last, size=size, at=at):
        return None
    if log_alarms().exists():
        log.error("checkpoint_withheld", leaf_count=size)
        return None
    frontier = _frontier_of_last(last)
    _follow(frontier, upto=min(size, frontier.size + MAX_NEW))
    # A clock that was set back must not make the new checkpoint look like the older one.
    signed_at = at if last is None else max(at, last.signed_at + timedelta(microseconds=1))
    said = Said(log_origin(), frontier.size, frontier.root, signed_at)
    note = sign_checkpoint(said, signer=signer_of(active_key_id()))
    row = Checkpoint.objects.create(size=said.size, note=note, signed_at=signed_at)
    CheckpointCopy.objects.bulk_create(
        [CheckpointCopy(checkpoint=row, sink=sink, next_attempt_at=at) for sink in settings.AARM_CHECKPOINT_SINKS]
    )
    return row


def is_due(last: Checkpoint | None, *, size: int, at: datetime) -> bool:
    """Whether receipts have waited long enough for a checkpoint, or the log has been quiet for too long."""
    if last is None:
        return size > 0
    if last.signed_at > at:
        # A clock was ahead: what has come since doesn't wait until it will have been right.
        return size > last.size
    seconds = settings.AARM_CHECKPOINT_IDLE_SECONDS if size == last.size else settings.AARM_CHECKPOINT_SECONDS
    return at >= last.signed_at + timedelta(seconds=seconds)


def _frontier_of_last(last: Checkpoint | None) -> Frontier:
    """The tree that the last checkpoint signed for. Raises CheckpointError, VerificationError."""
    if last is None:
        return Frontier.empty()
    said = verify_own_checkpoint(last.note, rows=published_keys())
    frontier = frontier_at(said.size)
    if (said.size, said.root) != (last.size, frontier.root):
        raise CheckpointError(f"The stored log does not lead to its last checkpoint, of {said.size} receipts.")
    return frontier


def _follow(frontier: Frontier, *, upto: int) -> None:
    """Appends the leaves that have come since, from the receipts' bytes. Raises CheckpointError."""
    rows = LogEntry.objects.filter(pk__gte=frontier.size, pk__lt=upto).select_related("receipt").order_by("pk")
    for row in rows.iterator(chunk_size=1000):
        stored = split_nodes(bytes(row.nodes))
        if row.pk != frontier.size or frontier.append(_leaf(row, stored=stored[0])) != stored:
            raise CheckpointError(f"The hashes of leaf {row.pk} are not those of its receipts.")
    if frontier.size != upto:
        raise CheckpointError(f"The stored log ends with leaf {frontier.size} instead of {upto}.")


def _leaf(row: LogEntry, *, stored: bytes) -> bytes:
    """The leaf hash of the receipt's bytes as they are now. Of an acknowledged loss only the stored hash is left."""
    leaf = leaf_hash(digest_bytes(envelope_of(row.receipt).digest))
    if leaf != stored and not is_acknowledged(AlarmCode.ALTERED, subject=row.receipt_id):
        raise AlteredReceiptError(row.receipt_id)
    return stored
