"""Walks through the model that the product is made to follow, sharing the way that they have in common."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from random import Random

from django.db import transaction

from tests.model.happenings import EVERYTHING, Edge, Scope, edges_of
from tests.model.machine import Machine
from tests.model.reality import Reality, seen_in_model
from tests.model.rules import Rules
from tests.model.world import World

Walk = tuple[Edge, ...]
# What makes two edges the same to the table: the state, what was done, and what came of it, whoever did it.
Kind = tuple[str, str, str, str]


def kind_of(machine: Machine, edge: Edge) -> Kind:
    return edge.before.stored.value, edge.action, edge.answer, machine.settled(edge.after).value


@dataclass(slots=True)
class Tree:
    """Walks from one world: what may be done in it, and the walks that go on from there."""

    branches: dict[Edge, Tree] = field(default_factory=dict)

    def add(self, walk: Walk) -> None:
        here = self
        for edge in walk:
            here = here.branches.setdefault(edge, Tree())

    def edges(self) -> Iterator[Edge]:
        for edge, rest in self.branches.items():
            yield edge
            yield from rest.edges()


def tree_of(walks: Iterable[Walk]) -> Tree:
    tree = Tree()
    for walk in walks:
        tree.add(walk)
    return tree


def in_parts(walks: Iterable[Walk], *, edges: int) -> Iterator[Tree]:
    """Trees of about so many edges each. Walks that begin alike come together, so that the way is gone once."""
    part: list[Walk] = []
    last: Walk = ()
    count = 0
    for walk in sorted(walks, key=_steps_of):
        part.append(walk)
        count += len(walk) - _shared(last, walk)
        last = walk
        if count >= edges:
            yield tree_of(part)
            part, count, last = [], 0, ()
    if part:
        yield tree_of(part)


def _steps_of(walk: Walk) -> list[tuple[str, str]]:
    return [(edge.action, edge.actor) for edge in walk]


def _shared(one: Walk, other: Walk) -> int:
    """With how many of the same edges both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def shortest_walks(scope: Scope, *, kinds_only: bool) -> Iterator[Walk]:
    """For every edge, or for the first of every kind of edges, the shortest way there and the edge itself."""
    machine = Machine(Rules(), route=scope.route)
    start = machine.opened()
    ways: dict[World, Walk] = {start: ()}
    known: set[Kind] = set()
    todo = deque([start])
    while todo:
        world = todo.popleft()
        for edge in edges_of(machine, world, scope=scope):
            kind = kind_of(machine, edge)
            if not kinds_only or kind not in known:
                known.add(kind)
                yield (*ways[world], edge)
            if edge.after not in ways:
                ways[edge.after] = (*ways[world], edge)
                todo.append(edge.after)


def random_walk(machine: Machine, random: Random, *, length: int, scope: Scope = EVERYTHING) -> Walk:
    """Any edges one after the other; those that lead nowhere new come less often."""
    world, walk = machine.opened(), []
    for _ in range(length):
        edges = list(edges_of(machine, world, scope=scope))
        weights = [1 if edge.after == edge.before else 4 for edge in edges]
        edge = random.choices(edges, weights=weights)[0]
        walk.append(edge)
        world = edge.after
    return tuple(walk)


def follow(tree: Tree, *, real: Reality, machine: Machine, path: Walk = ()) -> None:
    """Does every walk of the tree, going back to where two part. Fails where the product and the model part."""
    for edge, rest in tree.branches.items():
        steps, tick, policies = real.steps, real.tick, real.policies
        with transaction.atomic():
            answer = real.do(edge)
            here = (*path, edge)
            assert answer == edge.answer, told(here, f"The product answers {answer}.")
            seen, expected = real.seen(), seen_in_model(machine, edge.after)
            assert seen == expected, told(here, f"The product has {seen}, the model {expected}.")
            follow(rest, real=real, machine=machine, path=here)
            transaction.set_rollback(True)
        real.steps, real.tick, real.policies = steps, tick, policies


def told(path: Walk, what: str) -> str:
    """The way to where they part, a step a line."""
    steps = [f"{edge.actor} {edge.action}: {edge.answer}" for edge in path]
    return "\n".join([*steps, what])
