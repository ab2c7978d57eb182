"""A model of one approval with two reviewers, a requester who also votes, lost roles and a clock, explored in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from approvals.lifecycle.quorum import Ballot, Result, Stage, Verdict, tally
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import TERMINAL, Event, State
from approvals.lifecycle.transitions import TRANSITIONS, next_state, settled_state

ROUTE = Route((Stage("security-team", 2),), timeout_seconds=3, hold_seconds=1, claim_seconds=2)
OPENED = datetime(2026, 1, 14, 13, 32, tzinfo=UTC)
LAST_TICK = 8
REVIEWERS = ("bob", "charlie")
GROUP = frozenset({"security-team"})
TALLIED = {Result.DENIED: Event.DENIED, Result.APPROVED: Event.QUORUM_HELD}


@dataclass(frozen=True, slots=True)
class World:
    """One state of everything: the stored row, the ballots, who lost the role, and the seconds since the start."""

    stored: State = State.PENDING
    tick: int = 0
    quorum_tick: int | None = None
    ballots: frozenset[tuple[str, Verdict]] = frozenset()
    removed: frozenset[str] = frozenset()

    @property
    def at(self) -> datetime:
        return OPENED + timedelta(seconds=self.tick)

    @property
    def settled(self) -> State:
        """What anybody is told now, although nothing sweeps in this model."""
        release_at = None
        if self.quorum_tick is not None:
            release_at = ROUTE.release_at(OPENED + timedelta(seconds=self.quorum_tick))
        return settled_state(
            self.stored,
            at=self.at,
            expires_at=ROUTE.expires_at(OPENED),
            release_at=release_at,
            claim_expires_at=release_at and ROUTE.claim_expires_at(release_at),
        )

    @property
    def result(self) -> Result:
        ballots = [
            Ballot(person=person, verdict=verdict, groups=frozenset() if person in self.removed else GROUP)
            for person, verdict in self.ballots
        ]
        return tally(ROUTE.stages, ballots=ballots, requester="alice").result


def moves(world: World) -> Iterator[tuple[str, World]]:
    """Everything that can happen next. Whatever acts first settles the row, as the service does under its lock."""
    here = replace(world, stored=world.settled)
    if world.tick < LAST_TICK:
        yield "tick", replace(world, tick=world.tick + 1)
    yield from ((f"{person} loses the role", replace(world, removed=world.removed | {person})) for person in REVIEWERS)
    for event in (Event.UNDONE, Event.CANCELLED, Event.SUPERSEDED, Event.CLAIMED, Event.REVOKED):
        if (here.stored, event) in TRANSITIONS:
            yield event, moved(here, event)
    if here.stored in {State.PENDING, State.HELD}:
        for person in ("alice", *REVIEWERS):
            yield from ((f"{person}: {verdict}", voted(here, person, verdict=verdict)) for verdict in Verdict)


def moved(world: World, event: Event) -> World:
    after = replace(world, stored=next_state(world.stored, event))
    return replace(after, ballots=frozenset(), quorum_tick=None) if event is Event.UNDONE else after


def voted(world: World, person: str, *, verdict: Verdict) -> World:
    after = replace(world, ballots=world.ballots | {(person, verdict)})
    event = TALLIED.get(after.result)
    if event is None or (after.stored, event) not in TRANSITIONS:
        return after
    quorum_tick = world.tick if event is Event.QUORUM_HELD else world.quorum_tick
    return replace(after, stored=next_state(after.stored, event), quorum_tick=quorum_tick)


def explore() -> dict[World, list[tuple[str, World]]]:
    found: dict[World, list[tuple[str, World]]] = {}
    todo = [World()]
    while todo:
        world = todo.pop()
        if world not in found:
            found[world] = list(moves(world))
            todo += [after for _, after in found[world]]
    return found


@pytest.mark.case("APR-24", "APR-25")
def test_no_walk_of_votes_clock_and_withdrawals_breaks_the_promises_of_an_approval() -> None:
    graph = explore()
    seen = {world.settled for world in graph}
    assert seen == set(State), "The control: every state is reached somewhere."
    for world, following in graph.items():
        for name, after in following:
            label = f"{world} --{name}--> {after}"
            if world.settled in TERMINAL:
                assert after.settled is world.settled, label
            if after.stored is State.HELD and world.stored is not State.HELD:
                assert after.result is Result.APPROVED, label
                assert after.tick < ROUTE.timeout_seconds, label
                assert {(who, Verdict.APPROVE) for who in REVIEWERS} <= after.ballots, label
            if name == Event.CLAIMED:
                assert world.settled is State.APPROVED, label
        if world.tick == LAST_TICK:
            assert world.settled in TERMINAL, f"{world} is stuck"
