"""The Merkle tree of RFC 6962, section 2.1, over the digests of receipts.

A *node* is a complete subtree: (level, number) covers the leaves from number·2^level up to (number+1)·2^level. All
nodes that a leaf completes are known when it is appended, and none ever changes. Every other hash, those at the right
edge of a tree, is put together from nodes when it is asked for: `nodes_of` says which, `joined` puts them together.
Hashes are 32 bytes; indexes and sizes are integers from 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

HASH_LENGTH = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Node: TypeAlias = tuple[int, int]
Span: TypeAlias = tuple[int, int]


def leaf_hash(digest: bytes) -> bytes:
    """The leaf of a receipt, whose digest is 32 bytes."""
    return hashlib.sha256(b"\x00" + digest).digest()


def node_hash(left: bytes, *, right: bytes) -> bytes:
    """The parent of two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_of(span: Span) -> list[Node]:
    """The nodes that make up the leaves from `span[0]` up to `span[1]`, largest first.

    The span is one that occurs in a tree: it begins at a multiple of a power of two that is not below its length.
    """
    start, end = span
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def joined(hashes: Sequence[bytes]) -> bytes:
    """The hash over nodes that stand side by side, largest first; none make the root of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    found = hashes[-1]
    for left in reversed(hashes[:-1]):
        found = node_hash(left, right=found)
    return found


def completed_by(node: Node) -> tuple[int, int]:
    """The index of the leaf that completes a node, and the node's place among those that it completes."""
    level, number = node
    return ((number + 1) << level) - 1, level


@dataclass(slots=True)
class Frontier:
    """The nodes that make up the first `size` leaves, largest first: all that is needed to append and to know the root.

    It changes as leaves are appended.
    """

    size: int
    hashes: list[bytes]

    @classmethod
    def empty(cls) -> Frontier:
        """That of no leaves."""
        return cls(0, [])

    def append(self, leaf: bytes) -> list[bytes]:
        """Appends a leaf hash. Returns the nodes that it completes: itself, then one a level."""
        completed, size = [leaf], self.size
        while size & 1:
            leaf = node_hash(self.hashes.pop(), right=leaf)
            completed.append(leaf)
            size >>= 1
        self.hashes.append(leaf)
        self.size += 1
        return completed

    @property
    def root(self) -> bytes:
        """The root of the tree of these leaves."""
        return joined(self.hashes)


def _half(size: int) -> int:
    """The largest power of two below `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_spans(leaf_index: int, *, size: int) -> list[Span]:
    """What the hashes of an inclusion proof cover, nearest the leaf first. 0 ≤ `leaf_index` < `size`."""
    spans: list[Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _half(end - start)
        if leaf_index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(first: int, *, size: int) -> list[Span]:
    """What the hashes of a consistency proof cover, in the order of RFC 6962. 1 ≤ `first` ≤ `size`."""
    spans: list[Span] = []
    start, end = 0, size
    while first < end:
        middle = start + _half(end - start)
        if first <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    # Here the old tree ends with a complete subtree; one that begins at 0 is the old tree itself, known to who asks.
    return [*([(start, end)] if start else []), *spans[::-1]]


def root_of_inclusion(leaf: bytes, *, leaf_index: int, size: int, hashes: Sequence[bytes]) -> bytes | None:
    """The root to which an inclusion proof leads; None if it has too few or too many hashes, or no such leaf is there.

    RFC 9162, 2.1.3.2.
    """
    if not 0 <= leaf_index < size:
        return None
    spans = inclusion_spans(leaf_index, size=size)
    if len(spans) != len(hashes):
        return None
    found = leaf
    for (start, _), other in zip(spans, hashes, strict=True):
        found = node_hash(other, right=found) if start <= leaf_index else node_hash(found, right=other)
    return found


def roots_of_consistency(
    first_root: bytes, *, first: int, size: int, hashes: Sequence[bytes]
) -> tuple[bytes, bytes] | None:
    """The two roots to which a consistency proof leads: that of the first `first` leaves, and that of all `size`.

    None if it has too few or too many hashes, or there are no such trees. RFC 9162, 2.1.4.2.
    """
    if not 1 <= first <= size:
        return None
    spans = consistency_spans(first, size=size)
    if len(spans) != len(hashes):
        return None
    steps = list(zip(spans, hashes, strict=True))
    old = new = first_root
    if steps and spans[0][1] == first:
        old = new = steps.pop(0)[1]
    for (start, _), other in steps:
        if start < first:
            old, new = node_hash(other, right=old), node_hash(other, right=new)
        else:
            new = node_hash(new, right=other)
    return old, new


def is_consistent(first_root: bytes, *, first: int, root: bytes, size: int, hashes: Sequence[bytes]) -> bool:
    """Whether a consistency proof leads from one root to the other."""
    return roots_of_consistency(first_root, first=first, size=size, hashes=hashes) == (first_root, root)


def frontier_of(size: int, *, hashes: Iterable[bytes]) -> Frontier | None:
    """A frontier from its hashes, largest first; None if that is not how many `size` leaves make."""
    given = list(hashes)
    return Frontier(size, given) if len(given) == size.bit_count() else None
