"""The services' steps over the rules, for the world of the model: each takes a world and answers what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache

from approvals.lifecycle.delegation import Delegation
from approvals.lifecycle.quorum import Ballot, Result, Tally, Verdict
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import Event, State
from tests.model.rules import Rules
from tests.model.world import (
    ABSENT,
    DEPUTY,
    LEASE_SECONDS,
    MEMBERS,
    REQUESTER,
    ROUTE,
    VOTERS,
    Claimed,
    Said,
    World,
    at,
)

Place = tuple[frozenset[str], str]


class Machine:
    """Every step is made of the rules alone, one of which a mutant may have replaced."""

    def __init__(self, rules: Rules, *, route: Route = ROUTE) -> None:
        self.rules, self.route = rules, route
        # Thousands of worlds ask the same of them.
        self._counted_once = cache(self._count)
        self._place_once = cache(self._place)

    # --- What is so ---------------------------------------------------------------------------------------------------

    def settled(self, world: World) -> State:
        """What a reader is told."""
        return self._settle(world).stored

    def deadlines_of(self, world: World) -> dict[str, datetime | None]:
        release = None if world.quorum_tick is None else self.route.release_at(at(world.quorum_tick))
        return {
            "expires_at": self.route.expires_at(at(world.opened)),
            "release_at": release,
            "claim_expires_at": release and self.route.claim_expires_at(release),
        }

    def eligibility(self, world: World, account: str) -> Place:
        """As what an account may vote now, and in whose place; no names where it may not."""
        return self._place_once(account, world.removed, world.absence, frozenset(self._active(world)))

    def _active(self, world: World) -> tuple[str, ...]:
        """The names that are asked by now."""
        steps = enumerate(self.route.escalation, 1)
        due = [step for number, step in steps if self._is_due(world, number)]
        return (*self._stages, *(name for step in due for name in step.parties))

    @property
    def _stages(self) -> tuple[str, ...]:
        return tuple(stage.group for stage in self.route.stages)

    def _is_due(self, world: World, number: int) -> bool:
        return self.rules.step_is_due(at(world.tick), self.route.step_at(number, opened_at=at(world.opened)))

    def _place(self, account: str, removed: frozenset[str], absence: str, names: frozenset[str]) -> Place:
        found: dict[str, set[str]] = {}
        for name in names:
            for holder in MEMBERS[name]:
                if self._never_counts(holder, removed) or self._never_counts(account, removed):
                    continue
                if self.rules.stand_in(holder, delegations=_delegations(absence), at=at(0), request="apr") == account:
                    found.setdefault(holder, set()).add(name)
        if not found:
            return frozenset(), account
        holder = account if account in found else min(found)
        return frozenset(found[holder]), holder

    def _never_counts(self, account: str, removed: frozenset[str]) -> bool:
        return (account == REQUESTER and not self.rules.counts_requester) or account in removed

    def tally(self, world: World) -> Tally:
        return self._counted_once(world.votes, world.removed, world.absence)

    def _count(self, votes: frozenset[Said], removed: frozenset[str], absence: str) -> Tally:
        cast = sorted(votes, key=lambda said: said.account)
        ballots = [self._ballot(said, removed=removed, absence=absence) for said in cast]
        requester = None if self.rules.counts_requester else REQUESTER
        return self.rules.tally(self.route.stages, ballots=ballots, requester=requester, denials=self.route.denials)

    def _ballot(self, said: Said, *, removed: frozenset[str], absence: str) -> Ballot:
        is_there = self.rules.counts_removed or not {said.account, said.holder} & removed
        is_standing_in = said.account == said.holder or absence in {"away", "back"}
        held = {name for name, members in MEMBERS.items() if said.holder in members}
        # What was asked when the vote was cast was asked then: a step is never taken back.
        groups = self.rules.seats_of(self.route, frozenset(held)) if is_there and is_standing_in else frozenset()
        return Ballot(person=said.account, verdict=said.verdict, groups=groups, holder=said.holder)

    def can_be_reached(self, world: World) -> bool:
        roster: dict[str, set[str]] = {name: set() for name in self._stages}
        for account in VOTERS:
            names, holder = self._place_once(account, world.removed, world.absence, frozenset(self._stages))
            for name in names & set(roster):
                roster[name].add(holder)
        people = {name: frozenset(found) for name, found in roster.items()}
        return self.rules.is_reachable(self.route.stages, roster=people, requester=None)

    # --- What happens -------------------------------------------------------------------------------------------------

    def opened(self) -> World:
        """Where everything begins: the request is open, and the people of its stages are asked."""
        return self._ask(World(), names=self._stages, step=0)

    def _ask(self, world: World, *, names: tuple[str, ...], step: int) -> World:
        asked = set(world.asked)
        for account in VOTERS:
            may, _ = self._place_once(account, world.removed, world.absence, frozenset(names))
            is_new = account not in {each for each, _ in asked}
            if may and (is_new or self.rules.asks_again):
                asked.add((account, step if is_new else world.tick + 2))
        return replace(world, asked=frozenset(asked))

    def _move(self, world: World, event: Event, **changes: object) -> World:
        """One edge of the table, with the receipt of an ending; an event that the table lacks moves nothing."""
        following = self.rules.table.get((world.stored, event))
        if following is None:
            return world
        after = replace(world, stored=following, **changes)  # type: ignore[arg-type]  # `changes` are fields of it
        is_ending = following not in {State.PENDING, State.HELD, State.CLAIMED}
        return replace(after, ended=(*after.ended, following)) if is_ending else after

    def _settle(self, world: World) -> World:
        for event in self.rules.elapsed(world.stored, at=at(world.tick), **self.deadlines_of(world)):
            world = self._move(world, event)
        return world

    def sweep(self, world: World) -> World:
        """Writes down what the clock has done, and asks whom it is time to ask. Anybody may, any number of times."""
        world = self._settle(world)
        if world.stored is not State.PENDING:
            return world
        for number, step in enumerate(self.route.escalation, 1):
            if self._is_due(world, number):
                world = self._ask(world, names=step.parties, step=number)
        return world

    def vote(self, world: World, account: str, verdict: Verdict) -> tuple[str, World]:
        settled = self._settle(world) if self.rules.settles_first else world
        if verdict not in self.rules.heard.get(settled.stored, frozenset()):
            return ("expired" if settled.stored is State.EXPIRED else "already_resolved"), settled
        if account == REQUESTER and not self.rules.counts_requester:
            return "self_approval", world
        names, holder = self.eligibility(settled, account)
        if not names:
            return "not_eligible", world
        mine = [said for said in settled.votes if said.account == account]
        unheard = self.rules.why_unheard([said.verdict for said in mine], verdict=verdict)
        if unheard is not None:
            return str(unheard), world
        if verdict is Verdict.APPROVE and not world.is_identity_valid and self.rules.votes_look_at_identity:
            return "stale_identity", world
        return "ok", self._counted(self._said(settled, mine, Said(account, verdict, holder)))

    def _said(self, world: World, mine: list[Said], new: Said) -> World:
        stands = self.rules.standing([*(said.verdict for said in mine), new.verdict])
        kept = world.votes - frozenset(mine)
        noes = world.noes | {new.account} if new.verdict is Verdict.DENY else world.noes
        if stands is None:
            return replace(world, votes=kept, noes=noes)
        # A no that stands keeps the place in which it was said.
        place = next((said for said in mine if said.verdict is stands), new)
        return replace(world, votes=kept | {replace(place, verdict=stands)}, noes=noes)

    def _counted(self, world: World) -> World:
        result = self.tally(world).result
        if result is Result.DENIED:
            return self._move(world, Event.DENIED, quorum_tick=None)
        if result is Result.APPROVED and world.stored is State.PENDING:
            return self._move(world, Event.QUORUM_HELD, quorum_tick=world.tick)
        if result is Result.PENDING and world.stored is State.HELD:
            return self._settle(self._move(world, Event.UNDONE, quorum_tick=None))
        return world

    def cancel(self, world: World) -> World:
        world = self._settle(world)
        return self._move(world, Event.CANCELLED) if world.stored is State.PENDING else world

    def claim(self, world: World, *, key: str, is_same_action: bool) -> tuple[str, World]:
        """The checks one after the other; the first that fails says why, and what becomes of the approval."""
        settled = self._settle(world)
        for check in self.rules.claim_checks:
            found = getattr(self, f"_check_{check}")(world, settled, key, is_same_action)
            if found is not None:
                return found  # type: ignore[no-any-return]  # each returns what the first of them says
        taken = self._move(settled, Event.CLAIMED)
        claimed = Claimed(key=key, until=world.tick + LEASE_SECONDS) if self.rules.marks_claimed else None
        return "ok", replace(taken, claim=claimed, handed_out=settled.handed_out + 1)

    def _check_repeat(self, world: World, settled: World, key: str, is_same: bool) -> tuple[str, World] | None:
        if world.claim is None:
            return None
        is_mine = world.claim.key == key and self.rules.lease_holds(world.tick, world.claim.until)
        if is_mine:
            return ("repeated" if is_same else "idempotency_mismatch"), world
        return "already_consumed", world

    def _check_state(self, world: World, settled: World, key: str, is_same: bool) -> tuple[str, World] | None:
        if settled.stored is State.APPROVED:
            return None
        # A refusal is recorded, and what the clock has done is left for whoever writes next.
        return ("expired" if settled.stored is State.EXPIRED else "not_approved"), world

    def _check_action(self, world: World, settled: World, key: str, is_same: bool) -> tuple[str, World] | None:
        return None if is_same else ("action_mismatch", world)

    def _check_identity(self, world: World, settled: World, key: str, is_same: bool) -> tuple[str, World] | None:
        return None if world.is_identity_valid else ("stale_identity", self._move(settled, Event.REVOKED))

    def _check_pause(self, world: World, settled: World, key: str, is_same: bool) -> tuple[str, World] | None:
        return ("paused", self._move(settled, Event.REVOKED)) if world.is_paused else None

    def _check_policy(self, world: World, settled: World, key: str, is_same: bool) -> tuple[str, World] | None:
        if world.policy == "same":
            return None
        if world.policy == "forbids":
            return "policy_changed", self._move(settled, Event.REVOKED)
        return "policy_changed", self._renewed(settled)

    def _check_votes(self, world: World, settled: World, key: str, is_same: bool) -> tuple[str, World] | None:
        if self.tally(settled).result is Result.APPROVED:
            return None
        if not self.can_be_reached(settled):
            return "not_approved", self._move(settled, Event.REVOKED)
        return "not_approved", self._renewed(settled)

    def _renewed(self, world: World) -> World:
        """The request that is opened in the stead of this one, under the policy of now."""
        if not self.can_be_reached(world):
            return self._move(world, Event.REVOKED)
        old = self._move(world, Event.SUPERSEDED)
        new = World(
            tick=world.tick,
            opened=world.tick,
            votes=world.votes if self.rules.keeps_votes_on_renewal else frozenset(),
            removed=world.removed,
            absence=world.absence,
            is_identity_valid=world.is_identity_valid,
            is_paused=world.is_paused,
            generation=world.generation + 1,
            replaced=old.ended,
        )
        return self._ask(new, names=self._stages, step=0)


def _delegations(absence: str) -> tuple[Delegation, ...]:
    return (Delegation(ABSENT, DEPUTY, starts_at=at(-1), ends_at=at(100)),) if absence == "away" else ()
