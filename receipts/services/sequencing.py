"""Giving receipts their places in the log.

Any number of processes may try; one at a time appends. What has been written into the log is all that the next one
needs: nothing is kept in a process.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Q

from receipts.models import AlarmCode, LogEntry, Receipt, Unsequenced
from receipts.selectors.keys import own_keys
from receipts.selectors.log import frontier_at, log_size
from receipts.selectors.stored import signature_fault
from receipts.selectors.verification import envelope_of
from receipts.services.alarms import acknowledged_subjects, is_acknowledged, raise_alarm
from receipts.services.turns import Turn, may_take
from receipts.signing.merkle import leaf_hash
from receipts.signing.proofs import digest_bytes

BATCH = 1000


def sequence_waiting() -> int:
    """Appends what waits; returns how many. Stops at a receipt that is not what was signed, and raises an alarm."""
    total = 0
    while True:
        count = _sequence_batch()
        total += count
        if count < BATCH:
            return total


def _sequence_batch() -> int:
    # Asked first without a transaction, which on SQLite would keep every writer waiting.
    if not Unsequenced.objects.exists():
        return 0
    with transaction.atomic():
        if not may_take(Turn.APPENDING):
            return 0
        # Of one stream, the earlier receipt also has the lower number: its chain was locked when it was drawn.
        waiting = list(Unsequenced.objects.order_by("id")[:BATCH])
        taken = _taken(waiting)
        _append([receipt for _, receipt in taken if receipt is not None])
        Unsequenced.objects.filter(pk__in=[item.pk for item, _ in taken]).delete()
        return len(taken)


def _taken(waiting: Sequence[Unsequenced]) -> list[tuple[Unsequenced, Receipt | None]]:
    """What can leave the queue: all up to the first receipt that was altered or deleted while it waited.

    So was one whose predecessor has no place: somebody took that one out of the queue. One that somebody knows to have
    been altered leaves it without a place, because the log would vouch for it; what comes after it goes on.
    """
    needed = Receipt.objects.only("body", "signature", "digest", "key_id", "previous_digest")
    stored, keys, size = needed.in_bulk([item.receipt_id for item in waiting]), own_keys(), log_size()
    placed = _placed({receipt.previous_digest for receipt in stored.values() if receipt.previous_digest})
    done = set(LogEntry.objects.filter(receipt_id__in=stored).values_list("receipt_id", flat=True))
    found: list[tuple[Unsequenced, Receipt | None]] = []
    for item in waiting:
        if item.receipt_id in done:
            # It stood in the queue twice, which only somebody who writes the database can make it.
            found.append((item, None))
            continue
        receipt = stored.get(item.receipt_id)
        altered = "It is gone." if receipt is None else signature_fault(receipt, keys=keys, leaf_index=size)
        fault = altered or (_gap(receipt, placed) if receipt else "")
        if fault and not is_acknowledged(AlarmCode.ALTERED, subject=item.receipt_id):
            raise_alarm(AlarmCode.ALTERED, subject=item.receipt_id, sentence=f"Receipt {item.receipt_id}: {fault}")
            break
        found.append((item, None if altered else receipt))
        placed |= {receipt.digest} if receipt else set()
        done.add(item.receipt_id)
    return found


def _placed(digests: Collection[str]) -> set[str]:
    """Those of these receipts that are in the log, or are known to have been kept out of it."""
    known = Q(pk__in=acknowledged_subjects(AlarmCode.ALTERED))
    placed = Receipt.objects.filter(Q(entry__isnull=False) | known, digest__in=digests)
    return set(placed.values_list("digest", flat=True))


def _gap(receipt: Receipt, placed: Collection[str]) -> str:
    previous = receipt.previous_digest
    return "" if previous is None or previous in placed else "The receipt before it was kept out of the log."


def _append(receipts: Sequence[Receipt]) -> None:
    frontier = frontier_at(log_size())
    entries = []
    for leaf_index, receipt in enumerate(receipts, start=frontier.size):
        nodes = b"".join(frontier.append(leaf_hash(digest_bytes(envelope_of(receipt).digest))))
        entries.append(LogEntry(leaf_index=leaf_index, receipt=receipt, nodes=nodes))
    LogEntry.objects.bulk_create(entries)
