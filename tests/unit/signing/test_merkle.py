"""The Merkle tree against the recursive definition of RFC 6962, which is slow and plainly right."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.signing.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    Span,
    completed_by,
    consistency_spans,
    frontier_of,
    inclusion_spans,
    is_consistent,
    joined,
    leaf_hash,
    nodes_of,
    root_of_inclusion,
    roots_of_consistency,
)

SIZES = st.integers(1, 70)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(hashlib.sha256(str(number).encode()).digest()) for number in range(size)]


def naive_root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return [*naive_path(index, leaves[:half]), naive_root(leaves[half:])]
    return [*naive_path(index - half, leaves[half:]), naive_root(leaves[:half])]


class Stored:
    """What a database keeps: with each leaf, the nodes that it completes."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.frontier = Frontier.empty()
        self.rows = [self.frontier.append(leaf) for leaf in leaves]

    def node(self, node: Node) -> bytes:
        leaf, place = completed_by(node)
        return self.rows[leaf][place]

    def hash_of(self, span: Span) -> bytes:
        return joined([self.node(node) for node in nodes_of(span)])

    def inclusion(self, index: int, *, size: int) -> list[bytes]:
        return [self.hash_of(span) for span in inclusion_spans(index, size=size)]

    def consistency(self, first: int, *, size: int) -> list[bytes]:
        return [self.hash_of(span) for span in consistency_spans(first, size=size)]


@given(SIZES)
def test_the_root_is_that_of_the_definition(size: int) -> None:
    leaves = leaves_of(size)
    stored = Stored(leaves)
    assert stored.frontier.root == naive_root(leaves)
    assert all(stored.hash_of((0, part)) == naive_root(leaves[:part]) for part in range(1, size + 1))


def test_an_empty_tree_has_the_root_of_the_definition() -> None:
    assert Frontier.empty().root == EMPTY_ROOT == naive_root([])


@given(SIZES, st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_lead_to_the_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    proof = Stored(leaves).inclusion(index, size=size)
    assert proof == naive_path(index, leaves)
    assert root_of_inclusion(leaves[index], leaf_index=index, size=size, hashes=proof) == naive_root(leaves)


@given(SIZES, st.data())
def test_no_other_leaf_place_or_hash_leads_to_the_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves, other = (
        leaves_of(size),
        data.draw(st.integers(0, size - 1).filter(lambda number: number != index) | st.just(size)),
    )
    proof, root = Stored(leaves).inclusion(index, size=size), naive_root(leaves)
    assert root_of_inclusion(leaves[index], leaf_index=other, size=size, hashes=proof) != root
    assert root_of_inclusion(leaf_hash(b"other"), leaf_index=index, size=size, hashes=proof) != root
    assert root_of_inclusion(leaves[index], leaf_index=index, size=size, hashes=[*proof, b"0" * 32]) is None
    for place in range(len(proof)):
        changed = [*proof[:place], b"0" * 32, *proof[place + 1 :]]
        assert root_of_inclusion(leaves[index], leaf_index=index, size=size, hashes=changed) != root


@given(SIZES, st.data())
def test_consistency_proofs_lead_from_one_root_to_the_other(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size))
    leaves = leaves_of(size)
    proof, old, new = Stored(leaves).consistency(first, size=size), naive_root(leaves[:first]), naive_root(leaves)
    assert is_consistent(old, first=first, root=new, size=size, hashes=proof)
    assert not is_consistent(old, first=first, root=leaf_hash(b"other"), size=size, hashes=proof)
    assert not is_consistent(leaf_hash(b"other"), first=first, root=new, size=size, hashes=proof)
    for place in range(len(proof)):
        changed = [*proof[:place], b"0" * 32, *proof[place + 1 :]]
        assert not is_consistent(old, first=first, root=new, size=size, hashes=changed)


@given(SIZES, st.data())
def test_no_history_that_was_rewritten_is_consistent(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size))
    changed = data.draw(st.integers(0, first - 1))
    leaves = leaves_of(size)
    rewritten = [*leaves[:changed], leaf_hash(b"other"), *leaves[changed + 1 :]]
    proof = Stored(rewritten).consistency(first, size=size)
    assert not is_consistent(
        naive_root(leaves[:first]), first=first, root=naive_root(rewritten), size=size, hashes=proof
    )


@pytest.mark.parametrize(("leaf_index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(leaf_index: int, size: int) -> None:
    assert root_of_inclusion(b"0" * 32, leaf_index=leaf_index, size=size, hashes=[]) is None


@pytest.mark.parametrize(("first", "size"), [(0, 4), (5, 4)])
def test_nothing_is_consistent_with_what_is_not_its_beginning(first: int, size: int) -> None:
    assert roots_of_consistency(b"0" * 32, first=first, size=size, hashes=[]) is None
    assert roots_of_consistency(b"0" * 32, first=1, size=2, hashes=[]) is None


def test_proofs_of_a_very_large_log_are_short() -> None:
    size = 2**53 - 1
    assert len(inclusion_spans(size - 1, size=size)) <= 53
    assert sum(len(nodes_of(span)) for span in inclusion_spans(10_000_000 - 7, size=10_000_000)) < 60


@given(SIZES)
def test_a_frontier_is_made_of_its_hashes(size: int) -> None:
    frontier = Stored(leaves_of(size)).frontier
    found = frontier_of(size, hashes=frontier.hashes)
    assert found is not None
    assert found.root == frontier.root
    assert frontier_of(size, hashes=[*frontier.hashes, b"0" * 32]) is None
