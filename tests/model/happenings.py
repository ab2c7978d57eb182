"""What can happen next in a world, to whom, and how much of it a run explores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from approvals.lifecycle.quorum import Verdict
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import NON_TERMINAL, State
from tests.model.machine import Machine
from tests.model.world import ABSENT, LAST_TICK, PATIENT_ROUTE, REMOVABLE, ROUTE, VOTERS, World


@dataclass(frozen=True, slots=True)
class Edge:
    """Something that happened: who did what, what they were answered, and the world before and afterwards."""

    before: World
    action: str
    actor: str
    answer: str
    after: World


@dataclass(frozen=True, slots=True)
class Scope:
    """What may happen in a world: small scopes are explored whole in every run, the widest at night."""

    voters: tuple[str, ...] = VOTERS
    removable: tuple[str, ...] = REMOVABLE
    absences: bool = True
    claims: tuple[tuple[str, bool], ...] = (("first", True), ("second", True), ("first", False))
    outside: tuple[str, ...] = ("policy_stricter", "policy_forbids", "identity_ends", "pause")
    sweeps: bool = True
    route: Route = ROUTE


EVERYTHING = Scope()
DECIDING = Scope(removable=("bob",), claims=(("first", True),), outside=(), sweeps=False)
CLAIMING = Scope(voters=("bob", "dave"), removable=("bob",), absences=False, sweeps=False)
ASKING = Scope(voters=("bob", "dave"), claims=(), outside=())
CONTRADICTING = Scope(("bob", "dave", "frank"), ("bob",), False, (), ("identity_ends",), False, PATIENT_ROUTE)
# The small ones first: most faults are noticed there.
SCOPES: Mapping[str, Scope] = {
    "contradicting": CONTRADICTING,
    "asking": ASKING,
    "claiming": CLAIMING,
    "deciding": DECIDING,
}


def edges_of(machine: Machine, world: World, *, scope: Scope = EVERYTHING) -> Iterator[Edge]:
    """Everything that can happen next."""
    yield from _by_people(machine, world, scope=scope)
    yield from _by_the_agent(machine, world, scope=scope)
    if scope.sweeps:
        yield Edge(world, "sweep", "clock", "ok", machine.sweep(world))
    # One look at an ending suffices, but for a lease, which runs out.
    is_over = machine.settled(world) not in {*NON_TERMINAL, State.CLAIMED}
    if world.tick < LAST_TICK and not is_over:
        yield Edge(world, "tick", "clock", "ok", replace(world, tick=world.tick + 1))
    if machine.settled(world) in NON_TERMINAL:
        yield from _around(machine, world, scope=scope)


def _by_people(machine: Machine, world: World, *, scope: Scope) -> Iterator[Edge]:
    for account in scope.voters:
        for verdict in Verdict:
            answer, after = machine.vote(world, account, verdict)
            yield Edge(world, verdict.value, account, answer, after)


def _by_the_agent(machine: Machine, world: World, *, scope: Scope) -> Iterator[Edge]:
    yield Edge(world, "cancel", "agent", "ok", machine.cancel(world))
    for key, is_same in scope.claims:
        answer, after = machine.claim(world, key=key, is_same_action=is_same)
        # One replacement shows what all of them do.
        if after.generation <= 1:
            yield Edge(world, "claim" if is_same else "claim_other", key, answer, after)


def _around(machine: Machine, world: World, *, scope: Scope) -> Iterator[Edge]:
    """What changes in the world outside. What only a claim looks at changes where there is something to claim."""
    for account in scope.removable:
        yield Edge(world, "remove", account, "ok", replace(world, removed=world.removed | {account}))
    following = {"none": ("away",), "away": ("back", "deleted")}.get(world.absence, ()) if scope.absences else ()
    for absence in following:
        yield Edge(world, f"absence_{absence}", ABSENT, "ok", replace(world, absence=absence))
    for name in scope.outside:
        # Votes look at the identity alone; a second change hides behind the first.
        if _has_not_changed(world) and (name == "identity_ends" or machine.settled(world) is not State.PENDING):
            yield Edge(world, name, "outside", "ok", _CHANGES[name](world))


def _has_not_changed(world: World) -> bool:
    return world.policy == "same" and world.is_identity_valid and not world.is_paused


_CHANGES: Mapping[str, Callable[[World], World]] = {
    "policy_stricter": lambda world: replace(world, policy="stricter"),
    "policy_forbids": lambda world: replace(world, policy="forbids"),
    "identity_ends": lambda world: replace(world, is_identity_valid=False),
    "pause": lambda world: replace(world, is_paused=True),
}
