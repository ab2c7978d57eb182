"""The background verifier: it computes the whole log again from the stored bytes, slice by slice, round after round.

It builds a tree of its own. Where that passes a checkpoint the roots have to agree, so that nobody has to be believed:
neither the stored hashes nor the columns that searches use. What is missing is reported and stepped over, so that the
rest goes on being verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from receipts.clock import database_now
from receipts.models import AlarmCode, Checkpoint, LogEntry, LogWatch, PublishedKey
from receipts.selectors.keys import own_keys, published_keys, verify_own_checkpoint
from receipts.selectors.log import log_size, split_nodes
from receipts.selectors.rebuilt import UNKNOWN, append_leaf, known_root, step_over
from receipts.selectors.stored import stored_fault
from receipts.services.alarms import acknowledged_subjects, mark_sound, raise_alarm
from receipts.services.owned import check_values
from receipts.signing.errors import VerificationError
from receipts.signing.keys import KeySet
from receipts.signing.merkle import Frontier, leaf_hash
from receipts.signing.proofs import digest_bytes

# A round takes at most so many slices, which at one each ten seconds is less than five minutes (RCP-24), as long as
# MAX_SLICE permits: up to a million receipts. More would take a processor core for itself.
ROUND_SLICES, MAX_SLICE = 28, 36_000
# Rows that are in memory at one time.
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class _Watcher:
    """What a slice is verified with: our keys, and what somebody knows to be wrong."""

    keys: KeySet
    published: Sequence[PublishedKey]
    known: frozenset[str]

    def saw_sound(self, subject: str) -> None:
        if subject in self.known:
            mark_sound(subject)


def slice_length(size: int) -> int:
    """How many receipts of a log of `size` are verified at a time."""
    return max(settings.AARM_LOG_CHECK_RECEIPTS, min(MAX_SLICE, -(-size // ROUND_SLICES)))


def verify_slice() -> int:
    """Verifies the next receipts of the present round; returns how far it came. After the last one a new round begins.

    No lock is held meanwhile. Of two processes that verify the same slice, the second leaves no trace.
    """
    watch, _ = LogWatch.objects.get_or_create(pk=1)
    at, size, start = database_now(), log_size(), watch.next_index
    is_new_round = start == 0 or start >= size
    tree = Frontier.empty() if is_new_round else Frontier(start, split_nodes(bytes(watch.frontier)))
    _verify(tree, size=size, count=slice_length(size))
    LogWatch.objects.filter(pk=1, next_index=start).update(
        next_index=tree.size,
        frontier=b"".join(tree.hashes),
        round_started_at=at if is_new_round else watch.round_started_at,
        round_ended_at=at if is_new_round and start else watch.round_ended_at,
    )
    return tree.size


def verify_everything() -> int:
    """A whole round at once; returns how many receipts were verified."""
    tree, size = Frontier.empty(), log_size()
    _verify(tree, size=size, count=size)
    return tree.size


def _verify(tree: Frontier, *, size: int, count: int) -> None:
    """Appends the next `count` leaves that a log of `size` has to a tree of our own; compares everything about them."""
    known = acknowledged_subjects(AlarmCode.ALTERED, AlarmCode.INCONSISTENT)
    watcher = _Watcher(own_keys(), published_keys(), known)
    stored = LogEntry.objects.select_related("receipt").order_by("pk")
    while count > 0 and tree.size < size:
        wanted = min(count, CHUNK)
        rows = list(stored.filter(pk__gte=tree.size, pk__lt=size)[:wanted])
        _verify_rows(rows, tree=tree, upto=rows[-1].pk + 1 if len(rows) == wanted else size, watcher=watcher)
        count -= wanted


def _verify_rows(rows: Sequence[LogEntry], *, tree: Frontier, upto: int, watcher: _Watcher) -> None:
    """The leaves up to `upto`, of which `rows` are all that is stored, and the checkpoints over them."""
    checkpoints = list(Checkpoint.objects.filter(size__gt=tree.size, size__lte=upto))
    sizes, roots = {row.size for row in checkpoints}, dict[int, bytes | None]()
    for row in rows:
        _step_over_gap(tree, upto=row.pk)
        _verify_entry(row, tree=tree, watcher=watcher)
        if tree.size in sizes:
            roots[tree.size] = known_root(tree)
    _step_over_gap(tree, upto=upto)
    check_values([row.receipt_id for row in rows])
    for checkpoint in checkpoints:
        _verify_checkpoint(checkpoint, root=roots.get(checkpoint.size), watcher=watcher)


def _step_over_gap(tree: Frontier, *, upto: int) -> None:
    if tree.size < upto:
        first, last = tree.size, upto - 1
        which = f"Leaf {first} is" if first == last else f"Leaves {first} to {last} are"
        _inconsistent(f"leaf {first}", why=f"{which} missing.", found=f"{first}-{last}".encode())
        step_over(tree, upto=upto)


def _verify_entry(row: LogEntry, *, tree: Frontier, watcher: _Watcher) -> None:
    fault = stored_fault(row.receipt, keys=watcher.keys, leaf_index=row.pk)
    stored = split_nodes(bytes(row.nodes))
    if fault:
        raise_alarm(AlarmCode.ALTERED, subject=row.receipt_id, sentence=f"Receipt {row.receipt_id}: {fault}")
    leaf = (stored or [UNKNOWN])[0] if fault else leaf_hash(digest_bytes(row.receipt.digest))
    computed, subject = append_leaf(tree, leaf=leaf, stored=stored), f"leaf {row.pk}"
    if computed != stored or UNKNOWN in stored:
        why = f"The hashes of leaf {row.pk} are not those of its receipt."
        _inconsistent(subject, why=why, found=b"".join([*stored, *computed]))
        return
    watcher.saw_sound(subject)
    # Of a receipt whose hashes are others than its own nobody can say that it is sound.
    if not fault:
        watcher.saw_sound(row.receipt_id)


def _verify_checkpoint(row: Checkpoint, *, root: bytes | None, watcher: _Watcher) -> None:
    """`root` is that of our own tree; None where a leaf is missing, which is an alarm already."""
    subject, found = f"checkpoint {row.pk}", row.note.encode() + (root or b"")
    try:
        said = verify_own_checkpoint(row.note, rows=watcher.published)
    except VerificationError as error:
        why = f"The checkpoint of {row.size} receipts was altered. {error.why}"
        _inconsistent(subject, why=why, found=found)
        return
    if (said.size, said.root, said.signed_at) != (row.size, root or said.root, row.signed_at):
        why = f"The stored log does not lead to the checkpoint of {row.size} receipts, or its row tells another time."
        _inconsistent(subject, why=why, found=found)
    elif root is not None:
        watcher.saw_sound(subject)


def _inconsistent(subject: str, *, why: str, found: bytes) -> None:
    raise_alarm(AlarmCode.INCONSISTENT, subject=subject, sentence=why, found=found)
