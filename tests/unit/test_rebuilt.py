"""A tree with gaps knows what it can know, and is whole again as soon as the stored nodes permit."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from receipts.selectors.rebuilt import UNKNOWN, append_leaf, known_root, step_over
from receipts.signing.merkle import Frontier

LEAVES = [hashlib.sha256(bytes([number])).digest() for number in range(80)]


@given(st.sets(st.integers(0, 79)))
def test_what_is_computed_past_missing_leaves_is_what_the_whole_tree_has(missing: set[int]) -> None:
    whole, tree = Frontier.empty(), Frontier.empty()
    for index, leaf in enumerate(LEAVES):
        stored = whole.append(leaf)
        if index in missing:
            continue
        if tree.size < index:
            step_over(tree, upto=index)
        assert append_leaf(tree, leaf=leaf, stored=stored) == stored
        assert tree.size == whole.size
        assert known_root(tree) in (whole.root, None)
        assert all(mine in (UNKNOWN, theirs) for mine, theirs in zip(tree.hashes, whole.hashes, strict=True))
        if not missing & set(range(index)) or whole.size & (whole.size - 1) == 0:
            assert known_root(tree) == whole.root, "Nothing is missing, or the last leaf keeps the node over all."


@given(st.integers(0, 80), st.integers(0, 2**62))
def test_a_gap_of_any_length_is_stepped_over_at_once(size: int, further: int) -> None:
    tree = Frontier.empty()
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    before = list(tree.hashes)
    step_over(tree, upto=size + further)
    assert len(tree.hashes) == (size + further).bit_count()
    assert all(mine in (*before, UNKNOWN) for mine in tree.hashes)
    assert (known_root(tree) is None) == (further > 0)


def test_a_node_that_nobody_kept_stays_unknown() -> None:
    tree = Frontier.empty()
    step_over(tree, upto=1)
    assert append_leaf(tree, leaf=LEAVES[1], stored=LEAVES[1:2]) == [LEAVES[1], UNKNOWN]
    assert known_root(tree) is None
