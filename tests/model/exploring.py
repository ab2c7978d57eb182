"""Walking through every state that a world can come to."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.model.happenings import Edge, Scope, edges_of
from tests.model.invariants import broken
from tests.model.machine import Machine
from tests.model.rules import Rules


@dataclass(slots=True)
class Exploration:
    """What was found: how many states and edges, what broke first and by which edge, and which moves were seen."""

    states: int = 0
    edges: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: Edge | None = None
    broken: tuple[str, ...] = ()


def explore(rules: Rules, *, scope: Scope, most: int | None = None) -> Exploration:
    """Every state, breadth first, until a promise breaks or `most` states were seen."""
    machine, found = Machine(rules, route=scope.route), Exploration()
    for edge in _edges(machine, found, scope=scope, most=most):
        found.edges += 1
        found.moves[edge.before.stored.value, edge.after.stored.value] += 1
        names = tuple(broken(machine, edge))
        if names:
            found.first, found.broken = edge, names
            return found
    return found


def _edges(machine: Machine, found: Exploration, *, scope: Scope, most: int | None) -> Iterator[Edge]:
    start = machine.opened()
    seen, todo = {start}, deque([start])
    while todo and (most is None or found.states < most):
        world = todo.popleft()
        found.states += 1
        for edge in edges_of(machine, world, scope=scope):
            yield edge
            if edge.after not in seen:
                seen.add(edge.after)
                todo.append(edge.after)
