"""The log as it is stored: its size, roots and proofs, its checkpoints and alarms.

Every hash that a proof needs is a node or made of a few, and every node stands with the leaf that completes it: a proof
at ten million receipts reads some forty rows by primary key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Max, QuerySet

from receipts.models import Alarm, AlarmCode, Checkpoint, CheckpointCopy, LogEntry, Receipt, Unsequenced
from receipts.problems import ProblemError
from receipts.signing.checkpoint import origin_of
from receipts.signing.merkle import (
    HASH_LENGTH,
    Frontier,
    Node,
    Span,
    completed_by,
    consistency_spans,
    inclusion_spans,
    joined,
    nodes_of,
)
from receipts.signing.proofs import ConsistencyProof, InclusionProof


class MissingNodeError(Exception):
    """A leaf that the log must have is not stored."""


def log_origin() -> str:
    """The name of this installation's log."""
    return origin_of(settings.AARM_DEPLOYMENT)


def log_size() -> int:
    """How many leaves the log has."""
    last = LogEntry.objects.aggregate(last=Max("leaf_index"))["last"]
    return 0 if last is None else int(last) + 1


def hashes_of(spans: Sequence[Span]) -> tuple[bytes, ...]:
    """The hash over each span of leaves, in one query. Raises MissingNodeError."""
    wanted = [nodes_of(span) for span in spans]
    stored = _nodes({node for nodes in wanted for node in nodes})
    try:
        return tuple(joined([stored[node] for node in nodes]) for nodes in wanted)
    except KeyError as error:
        raise MissingNodeError("The stored log lacks a leaf.") from error


def frontier_at(size: int) -> Frontier:
    """The complete subtrees of the first `size` leaves. Raises MissingNodeError."""
    nodes = nodes_of((0, size))
    stored = _nodes(nodes)
    if len(stored) < len(nodes):
        raise MissingNodeError("The stored log lacks a leaf.")
    return Frontier(size, [stored[node] for node in nodes])


def root_at(size: int) -> bytes:
    """The root of the tree of the first `size` leaves. Raises MissingNodeError."""
    return frontier_at(size).root


def split_nodes(nodes: bytes) -> list[bytes]:
    """The hashes that a row keeps, from the leaf up."""
    return [nodes[start : start + HASH_LENGTH] for start in range(0, len(nodes), HASH_LENGTH)]


def _nodes(wanted: Iterable[Node]) -> dict[Node, bytes]:
    places = {node: completed_by(node) for node in wanted}
    rows = LogEntry.objects.filter(pk__in={leaf for leaf, _ in places.values()}).values_list("leaf_index", "nodes")
    stored = {leaf: split_nodes(bytes(nodes)) for leaf, nodes in rows}
    return {
        node: stored[leaf][place]
        for node, (leaf, place) in places.items()
        if leaf in stored and place < len(stored[leaf])
    }


def places_taken() -> int:
    """How many places of the log receipts have or wait for."""
    # What moves from the queue into the log in between counts twice rather than not at all.
    waiting = Unsequenced.objects.count()
    return log_size() + waiting


def newest_checkpoint() -> Checkpoint | None:
    """The last one that was signed."""
    return Checkpoint.objects.order_by("-id").first()


def inclusion_proof(leaf_index: int, *, size: int) -> InclusionProof:
    """That a leaf is in the tree of `size` leaves."""
    return InclusionProof(leaf_index, size, hashes_of(inclusion_spans(leaf_index, size=size)))


def consistency_proof(first: int, *, size: int) -> ConsistencyProof:
    """That the tree of `first` leaves is the beginning of that of `size`."""
    return ConsistencyProof(first, size, hashes_of(consistency_spans(first, size=size)))


def proof_of(receipt_id: str) -> tuple[InclusionProof, Checkpoint]:
    """A receipt's proof, and the checkpoint to which it leads. Raises `not_logged_yet`."""
    checkpoint = newest_checkpoint()
    leaf_index = LogEntry.objects.filter(receipt_id=receipt_id).values_list("leaf_index", flat=True).first()
    if checkpoint is None or leaf_index is None or leaf_index >= checkpoint.size:
        raise ProblemError(
            "not_logged_yet",
            status=409,
            why="No checkpoint covers this receipt yet.",
            fix="Ask again in a few seconds.",
            headers={"Retry-After": str(settings.AARM_CHECKPOINT_SECONDS)},
        )
    return inclusion_proof(leaf_index, size=checkpoint.size), checkpoint


def open_alarms() -> QuerySet[Alarm]:
    """What nobody has acknowledged, the oldest first."""
    return Alarm.objects.filter(acknowledged_at=None).order_by("id")


def log_alarms() -> QuerySet[Alarm]:
    """Those that are about the log: until they are acknowledged nothing more is vouched for."""
    return open_alarms().exclude(code=AlarmCode.CONTEXT)


def context_alarms() -> QuerySet[Alarm]:
    """Those that are about one session each: in it nothing is permitted, and everything else goes on."""
    return open_alarms().filter(code=AlarmCode.CONTEXT)


def unpublished_copies() -> QuerySet[CheckpointCopy]:
    """Copies that a place outside doesn't have yet, the oldest first: these checkpoints are not yet anchored there."""
    return CheckpointCopy.objects.filter(published_at=None).order_by("id")


def waiting_since() -> datetime | None:
    """When the receipt was issued that waits longest for its place in the log; None if none waits."""
    first = Unsequenced.objects.order_by("id").first()
    if first is None:
        return None
    return Receipt.objects.filter(pk=first.receipt_id).values_list("issued_at", flat=True).first()
