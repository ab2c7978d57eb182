"""The log's tree, built anew from receipts although leaves may be missing.

What no hash can be computed for is UNKNOWN. Where a later leaf keeps a node over a gap, that node is taken as it is
stored: the next checkpoint's root judges it, and everything after the gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from receipts.signing.merkle import HASH_LENGTH, Frontier, node_hash, nodes_of

UNKNOWN = bytes(HASH_LENGTH)


def append_leaf(tree: Frontier, *, leaf: bytes, stored: Sequence[bytes]) -> list[bytes]:
    """As `Frontier.append`, of a leaf hash: the nodes that it completes. `stored` are those that its row keeps."""
    completed, size = [leaf], tree.size
    while size & 1:
        left, right, level = tree.hashes.pop(), completed[-1], len(completed)
        kept = stored[level] if level < len(stored) else UNKNOWN
        completed.append(kept if UNKNOWN in (left, right) else node_hash(left, right=right))
        size >>= 1
    tree.hashes.append(completed[-1])
    tree.size += 1
    return completed


def step_over(tree: Frontier, *, upto: int) -> None:
    """Goes on at leaf `upto`, with all leaves in between unknown, however many these are."""
    known = dict(zip(nodes_of((0, tree.size)), tree.hashes, strict=True))
    tree.hashes = [known.get(node, UNKNOWN) for node in nodes_of((0, upto))]
    tree.size = upto


def known_root(tree: Frontier) -> bytes | None:
    """The root; None while a part of the tree is unknown."""
    return None if UNKNOWN in tree.hashes else tree.root
