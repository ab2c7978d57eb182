"""How a request stands now: by the clock, by the votes that count, and for one person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from approvals.lifecycle.quorum import Ballot, Tally, Verdict, tally
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.lifecycle.transitions import settled_state
from approvals.models import ApprovalRequest, User
from approvals.selectors.roster import eligible_groups, is_requester, requester_ids


def state_at(request: ApprovalRequest, at: datetime) -> State:
    """The state that a reader must be told, whether or not a sweeper has run (APR-28, FLT-17)."""
    return settled_state(State(request.state), at=at, **deadlines_of(request))


def deadlines_of(request: ApprovalRequest) -> dict[str, Any]:
    """The three times that the clock is compared with."""
    names = ("expires_at", "release_at", "claim_expires_at")
    return {name: getattr(request, name) for name in names}


def current_tally(request: ApprovalRequest) -> Tally:
    """The votes as they count now: people who lost their role or group since are left out, with the reason (APR-11)."""
    route = Route.from_dict(request.route)
    ballots = [
        Ballot(
            person=vote.person.person_id,
            verdict=Verdict(vote.verdict),
            groups=eligible_groups(vote.person, route=route) & frozenset(vote.groups),
        )
        for vote in request.votes.select_related("person").order_by("cast_at", "id")
    ]
    own = requester_ids(request.requester)
    return tally(route.stages, ballots=[item for item in ballots if item.person not in own], requester=None)


def why_not(person: User, *, request: ApprovalRequest, state: State) -> str:
    """Why this person can't vote, in a sentence; empty when they can."""
    if state is not State.PENDING:
        return f"This request is {state.value.lower()}."
    if is_requester(person, requester=request.requester):
        return "You cannot decide: you are the requester."
    if not eligible_groups(person, route=Route.from_dict(request.route)):
        return "You are not one of the reviewers who were asked."
    if request.votes.filter(person=person).exists():
        return "You have already voted."
    return ""
