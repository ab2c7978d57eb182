"""What the model's world goes by: the product's own table and pure functions, each of which a mutant may replace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from approvals.lifecycle.delegation import stand_in
from approvals.lifecycle.quorum import Tally, Verdict, is_reachable, standing, tally, why_unheard
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import Event, State
from approvals.lifecycle.transitions import TRANSITIONS, elapsed_events
from approvals.services.votes import HEARD

Elapsed = Callable[..., tuple[Event, ...]]
# What a claim looks at, in the order in which it does.
CLAIM_CHECKS = ("repeat", "state", "pause", "action", "identity", "policy", "votes")


@dataclass(frozen=True, slots=True)
class Rules:
    """The product's rules. `claim_checks` are those of `decisions.services.claims`, in their order."""

    table: Mapping[tuple[State, Event], State] = field(default_factory=lambda: TRANSITIONS)
    elapsed: Elapsed = elapsed_events
    tally: Callable[..., Tally] = tally
    is_reachable: Callable[..., bool] = is_reachable
    standing: Callable[..., Verdict | None] = standing
    why_unheard: Callable[..., object] = why_unheard
    stand_in: Callable[..., str | None] = stand_in
    seats_of: Callable[[Route, frozenset[str]], frozenset[str]] = Route.seats_of
    heard: Mapping[State, frozenset[Verdict]] = field(default_factory=lambda: HEARD)
    claim_checks: tuple[str, ...] = CLAIM_CHECKS
    lease_holds: Callable[[int, int], bool] = lambda now, until: now < until
    keeps_votes_on_renewal: bool = False
    counts_requester: bool = False
    counts_removed: bool = False
    settles_first: bool = True
    asks_again: bool = False
    step_is_due: Callable[[datetime, datetime], bool] = lambda at, due: at >= due
    marks_claimed: bool = True
    votes_look_at_identity: bool = True
