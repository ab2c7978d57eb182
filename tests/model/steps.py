"""One thing that happened, as the promises look at it."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.lifecycle.quorum import Verdict
from approvals.lifecycle.states import State
from tests.model.happenings import Edge
from tests.model.machine import Machine
from tests.model.world import MEMBERS, ON_CALL, OWNERS, SECURITY, Said, World


@dataclass(frozen=True, slots=True)
class Step:
    """An edge, and the state that everybody was told before and is told afterwards."""

    edge: Edge
    told: State
    told_after: State
    machine: Machine

    @property
    def is_same_request(self) -> bool:
        return self.edge.before.generation == self.edge.after.generation

    @property
    def is_granted(self) -> bool:
        """Whether enough people have just approved."""
        return self.edge.action in set(Verdict) and self.edge.after.stored is State.HELD and self.told is State.PENDING


def is_taken(step: Step) -> bool:
    return step.edge.after.handed_out > step.edge.before.handed_out


def quorum_of(world: World) -> int:
    return -1 if world.quorum_tick is None else world.quorum_tick


def people_who_said_yes(world: World) -> frozenset[str]:
    """The places that a yes was given in."""
    return frozenset(said.holder for said in world.votes if said.verdict is Verdict.APPROVE)


def fallen(world: World) -> frozenset[str]:
    """Places whose yes rests on nothing any more, by a reading of the world that shares no code with the tally."""
    return people_who_said_yes(world) - standing_places(world, Verdict.APPROVE)


def standing_places(world: World, verdict: Verdict) -> frozenset[str]:
    """The places whose word is `verdict`, of those that rest on something."""
    return frozenset(said.holder for said in world.votes if said.verdict is verdict and _stands(said, world=world))


def _stands(said: Said, *, world: World) -> bool:
    is_there = not {said.account, said.holder} & world.removed
    is_founded = said.account == said.holder or world.absence in {"away", "back"}
    may_fill = any(said.holder in MEMBERS[name] for name in (SECURITY, OWNERS, ON_CALL))
    return is_there and is_founded and may_fill
