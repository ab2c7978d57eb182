"""The background verifier: it computes the whole log again from the stored bytes, slice by slice, round after round.

It builds a tree of its own. Where that passes a checkpoint the roots have to agree, so that nobody has to be believed:
neither the stored hashes nor the columns that searches use.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from receipts.clock import database_now
from receipts.models import AlarmCode, Checkpoint, LogEntry, LogWatch
from receipts.selectors.keys import own_keys
from receipts.selectors.log import log_size, split_nodes
from receipts.selectors.stored import stored_fault
from receipts.services.alarms import raise_alarm
from receipts.signing.checkpoint import read_checkpoint
from receipts.signing.errors import VerificationError
from receipts.signing.keys import KeySet
from receipts.signing.merkle import Frontier, leaf_hash
from receipts.signing.proofs import digest_bytes


def verify_slice() -> int:
    """Verifies the next receipts of the present round; returns how far it came. After the last one a new round begins.

    No lock is held meanwhile. Of two processes that verify the same slice, the second leaves no trace.
    """
    watch, _ = LogWatch.objects.get_or_create(pk=1)
    at, size, start = database_now(), log_size(), watch.next_index
    is_new_round = start == 0 or start >= size
    frontier = Frontier.empty() if is_new_round else Frontier(start, split_nodes(bytes(watch.frontier)))
    _verify(frontier, upto=min(size, frontier.size + settings.AARM_LOG_CHECK_RECEIPTS))
    LogWatch.objects.filter(pk=1, next_index=start).update(
        next_index=frontier.size,
        frontier=b"".join(frontier.hashes),
        round_started_at=at if is_new_round else watch.round_started_at,
        round_ended_at=at if is_new_round and start else watch.round_ended_at,
    )
    return frontier.size


def verify_everything() -> int:
    """A whole round at once; returns how many receipts were verified."""
    frontier = Frontier.empty()
    _verify(frontier, upto=log_size())
    return frontier.size


def _verify(frontier: Frontier, *, upto: int) -> None:
    """Appends the leaves up to `upto` to a tree of our own, with everything about them compared."""
    keys = own_keys()
    checkpoints = _checkpoints(frontier.size, upto=upto)
    rows = LogEntry.objects.filter(pk__gte=frontier.size, pk__lt=upto).select_related("receipt").order_by("pk")
    for row in rows.iterator(chunk_size=1000):
        if row.pk != frontier.size:
            break
        _verify_entry(row, frontier=frontier, keys=keys)
        _compare_roots(checkpoints.get(frontier.size, ()), root=frontier.root if frontier.size in checkpoints else b"")
    if frontier.size != upto:
        _inconsistent(frontier.size, why=f"Leaf {frontier.size} is missing.")


def _checkpoints(start: int, *, upto: int) -> dict[int, list[Checkpoint]]:
    found: dict[int, list[Checkpoint]] = {}
    for row in Checkpoint.objects.filter(size__gt=start, size__lte=upto):
        found.setdefault(row.size, []).append(row)
    return found


def _verify_entry(row: LogEntry, *, frontier: Frontier, keys: KeySet) -> None:
    fault = stored_fault(row.receipt, keys=keys)
    if fault:
        subject = row.receipt_id
        raise_alarm(AlarmCode.ALTERED, subject=subject, sentence=f"Receipt {subject}: {fault}")
    stored = split_nodes(bytes(row.nodes))
    computed = frontier.append(leaf_hash(digest_bytes(row.receipt.digest)) if not fault else stored[0])
    if computed != stored:
        _inconsistent(row.pk, why=f"The hashes of leaf {row.pk} are not those of its receipt.")


def _compare_roots(checkpoints: Sequence[Checkpoint], *, root: bytes) -> None:
    for row in checkpoints:
        try:
            said = read_checkpoint(row.note)
        except VerificationError as error:
            _inconsistent(row.size, why=f"The checkpoint of {row.size} receipts was altered. {error.why}")
            continue
        if (said.size, said.root) != (row.size, root):
            _inconsistent(row.size, why=f"The stored log does not lead to the checkpoint of {row.size} receipts.")


def _inconsistent(place: int, *, why: str) -> None:
    raise_alarm(AlarmCode.INCONSISTENT, subject=f"leaf {place}", sentence=why)
