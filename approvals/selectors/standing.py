"""How a request stands now: by the clock, by the votes that count, and for one person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from approvals.lifecycle.quorum import Ballot, Tally, Verdict, standing, tally
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.lifecycle.transitions import settled_state
from approvals.models import ApprovalRequest, User, Vote
from approvals.selectors.roster import eligible_groups, is_requester, requester_ids


def state_at(request: ApprovalRequest, at: datetime) -> State:
    """The state that a reader must be told, whether or not a sweeper has run (APR-28, FLT-17)."""
    return settled_state(State(request.state), at=at, **deadlines_of(request))


def deadlines_of(request: ApprovalRequest) -> dict[str, Any]:
    """The three times that the clock is compared with."""
    names = ("expires_at", "release_at", "claim_expires_at")
    return {name: getattr(request, name) for name in names}


def newest_of(request: ApprovalRequest) -> ApprovalRequest:
    """The request that stands in this one's stead now; itself, unless it was replaced."""
    while request.replacement is not None:
        request = request.replacement
    return request


def said_by(person: User, *, request: ApprovalRequest) -> tuple[Verdict, ...]:
    """What this person has said of the request as it is now, in order."""
    rows = request.votes.filter(person=person, version=request.version).order_by("number")
    return tuple(map(Verdict, rows.values_list("verdict", flat=True)))


def standing_votes(request: ApprovalRequest) -> list[tuple[Vote, Verdict]]:
    """The vote of each person that stands for what they said, and what that is. Votes on earlier views are void."""
    rows = request.votes.filter(version=request.version).select_related("person").order_by("person_id", "number")
    found = []
    for _, own in groupby(rows, key=lambda vote: vote.person_id):
        votes = list(own)
        verdict = standing([Verdict(vote.verdict) for vote in votes])
        if verdict is not None:
            found.append((_last(votes, verdict=verdict), verdict))
    return found


def _last(votes: Sequence[Vote], *, verdict: Verdict) -> Vote:
    return next(vote for vote in reversed(votes) if vote.verdict == verdict.value)


def current_tally(request: ApprovalRequest) -> Tally:
    """The votes as they count now: people who lost their role or group since are left out, with the reason (APR-11)."""
    route = Route.from_dict(request.route)
    own = requester_ids(request.requester)
    ballots = [
        Ballot(
            person=vote.person.person_id,
            verdict=verdict,
            groups=eligible_groups(vote.person, route=route) & frozenset(vote.groups),
        )
        for vote, verdict in standing_votes(request)
        if vote.person.person_id not in own
    ]
    return tally(route.stages, ballots=ballots, requester=None, denials=route.denials)


def why_not(person: User, *, request: ApprovalRequest, state: State) -> str:
    """Why this person can't approve, in a sentence; empty when they can."""
    if state is not State.PENDING:
        return f"This request is {state.value.lower()}."
    if is_requester(person, requester=request.requester):
        return "You cannot decide: you are the requester."
    if not eligible_groups(person, route=Route.from_dict(request.route)):
        return "You are not one of the reviewers who were asked."
    if standing(said_by(person, request=request)) is not None:
        return "You have already voted."
    return ""


def may_withdraw(person: User, *, request: ApprovalRequest, state: State) -> bool:
    """Whether there is an approval of this person's that can still be taken back."""
    return (
        state in {State.PENDING, State.HELD}
        and standing(said_by(person, request=request)) is Verdict.APPROVE
        and bool(eligible_groups(person, route=Route.from_dict(request.route)))
    )
