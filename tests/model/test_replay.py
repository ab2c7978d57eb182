"""The product follows the model: every kind of edge, and random walks, are done by the services on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from approvals.lifecycle.route import Route
from tests.model.happenings import EVERYTHING, SCOPES, Scope
from tests.model.machine import Machine
from tests.model.reality import TICK_SECONDS, Reality
from tests.model.rules import Rules
from tests.model.walking import Tree, follow, in_parts, random_walk, shortest_walks
from tests.model.world import LEASE_SECONDS, ROUTE

# What is rolled back stays in the tables until the transaction ends, and makes them slow: an edge costs the same up to
# here, and twice as much at ten times as many.
PART = 250


@pytest.fixture
def ticking(db: None, settings: LazySettings) -> None:
    assert connection.vendor == "postgresql"
    settings.AARM_CLAIM_WINDOW_SECONDS = ROUTE.claim_seconds * TICK_SECONDS
    settings.AARM_CLAIM_LEASE_SECONDS = LEASE_SECONDS * TICK_SECONDS


def done_by_the_product(trees: Iterable[Tree], *, scope: Scope) -> int:
    """Does all of them, and says how many edges those were."""
    machine, edges = Machine(Rules(), route=scope.route), 0
    for tree in trees:
        with transaction.atomic():
            follow(tree, real=Reality(scope.route), machine=machine)
            transaction.set_rollback(True)
        edges += sum(1 for _ in tree.edges())
    return edges


def random_trees(count: int, *, length: int, seed: str) -> Iterator[Tree]:
    random, machine = Random(seed), Machine(Rules())
    return in_parts((random_walk(machine, random, length=length) for _ in range(count)), edges=PART)


@pytest.mark.parametrize("name", SCOPES)
def test_the_product_does_what_the_model_does_at_every_kind_of_edge(ticking: None, name: str) -> None:
    walks = shortest_walks(SCOPES[name], kinds_only=True)

    assert done_by_the_product(in_parts(walks, edges=PART), scope=SCOPES[name]) > 70


def test_the_product_does_what_the_model_does_on_two_hundred_random_walks(ticking: None) -> None:
    assert done_by_the_product(random_trees(200, length=4, seed="every run"), scope=EVERYTHING) > 500


@pytest.mark.nightly
@pytest.mark.parametrize("name", SCOPES)
def test_the_product_does_what_the_model_does_at_every_edge(ticking: None, name: str) -> None:
    walks = shortest_walks(SCOPES[name], kinds_only=False)

    assert done_by_the_product(in_parts(walks, edges=PART), scope=SCOPES[name]) > 5_000


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(10))
def test_the_product_does_what_the_model_does_on_ten_thousand_random_walks(ticking: None, part: int) -> None:
    trees = random_trees(1_000, length=14, seed=f"night {part}")

    assert done_by_the_product(trees, scope=EVERYTHING) > 10_000


def test_a_walk_that_the_product_does_not_follow_is_told_step_by_step(ticking: None) -> None:
    """The control: with another hold than the model's the ways part, and it is said where."""
    walks = shortest_walks(SCOPES["claiming"], kinds_only=True)
    other = Route(ROUTE.stages, timeout_seconds=3, hold_seconds=2, claim_seconds=2, escalation=ROUTE.escalation)

    with pytest.raises(AssertionError, match=r"bob approve: ok\n(.*\n)*The product"):
        follow(next(in_parts(walks, edges=PART)), real=Reality(other), machine=Machine(Rules()))
