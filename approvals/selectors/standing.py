"""How a request stands now: by the clock, by the votes that count, and for one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from approvals.lifecycle.delegation import stand_in
from approvals.lifecycle.quorum import Ballot, Tally, Verdict, standing, tally
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.lifecycle.transitions import settled_state
from approvals.models import ApprovalRequest, Grant, User, Vote
from approvals.selectors.eligibility import eligibility_of
from approvals.selectors.members import Asked, Members, members_of, reviewers
from approvals.selectors.persons import accounts_named, accounts_of, persons_among
from approvals.selectors.roster import delegations_at, is_requester

StandingVotes = Sequence[tuple[Vote, Verdict]]


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
    """What this person has said of the request as it is now, under whichever account, in order."""
    rows = request.votes.filter(person__in=accounts_of([person]), version=request.version).order_by("cast_at", "number")
    return tuple(map(Verdict, rows.values_list("verdict", flat=True)))


def standing_votes(request: ApprovalRequest) -> StandingVotes:
    """The vote of each account that stands for what was said, and what that is. Votes on earlier views are void."""
    rows = request.votes.filter(version=request.version).select_related("person", "holder")
    found = []
    for _, own in groupby(rows.order_by("person_id", "number"), key=lambda vote: vote.person_id):
        votes = list(own)
        verdict = standing([Verdict(vote.verdict) for vote in votes])
        if verdict is not None:
            found.append((_last(votes, verdict=verdict), verdict))
    return found


def _last(votes: Sequence[Vote], *, verdict: Verdict) -> Vote:
    return next(vote for vote in reversed(votes) if vote.verdict == verdict.value)


def current_tally(request: ApprovalRequest, *, granting: Grant | None = None) -> Tally:
    """The votes as they count now: people who lost their role or group since are left out, with the reason (APR-11).

    With `granting` only approvals count that grant it.
    """
    route = Route.from_dict(request.route)
    votes = standing_votes(request)
    if granting is not None:
        votes = [each for each in votes if each[1] is not Verdict.APPROVE or each[0].grant_id == granting.pk]
    ballots = _ballots(votes, request=request, route=route) if votes else []
    return tally(route.stages, ballots=ballots, requester=None, denials=route.denials)


@dataclass(frozen=True, slots=True)
class _Now:
    """What is true now of those who voted: who may review at all, who is behind each name, who is one person."""

    there: frozenset[int]
    members: Members
    persons: Mapping[int, str]


def _ballots(votes: StandingVotes, *, request: ApprovalRequest, route: Route) -> list[Ballot]:
    own = accounts_named(request.requester)
    involved = {account for vote, _ in votes for account in (vote.person_id, vote.holder_id or vote.person_id)}
    names = {name for vote, _ in votes for name in vote.groups}
    now = _Now(
        there=frozenset(reviewers().filter(pk__in=involved).values_list("pk", flat=True)) - own.keys(),
        members=members_of(names, asked=Asked(human=request.requester, at=None)),
        persons=persons_among(User.objects.filter(pk__in=involved)),
    )
    seats: dict[str, frozenset[str]] = {}
    for vote, _ in votes:
        person = now.persons[vote.person_id]
        seats[person] = seats.get(person, frozenset()) | route.seats_of(_still_held(vote, now=now))
    return [
        Ballot(
            person=now.persons[vote.person_id],
            verdict=verdict,
            groups=seats[now.persons[vote.person_id]],
            holder=now.persons[vote.holder_id or vote.person_id],
        )
        for vote, verdict in votes
        if vote.person_id not in own and vote.holder_id not in own
    ]


def _still_held(vote: Vote, *, now: _Now) -> frozenset[str]:
    """The names as which the vote was cast that hold now. Turns and absences are those of the time of the vote."""
    holder = vote.holder_id or vote.person_id
    if not {vote.person_id, holder} <= now.there or not _stood_in(vote):
        return frozenset()
    return frozenset(name for name in vote.groups if holder in now.members.get(name, ()))


def _stood_in(vote: Vote) -> bool:
    if vote.holder_id is None:
        return True
    # As the delegations are now: one that was taken back since is not there any more.
    delegations = delegations_at(vote.cast_at)
    found = stand_in(str(vote.holder_id), delegations=delegations, at=vote.cast_at, request=vote.request_id)
    return found == str(vote.person_id)


def why_not(person: User, *, request: ApprovalRequest, state: State, at: datetime) -> str:
    """Why this person can't approve, in a sentence; empty when they can."""
    if state is not State.PENDING:
        return f"This request is {state.value.lower()}."
    if is_requester(person, requester=request.requester):
        return "You cannot decide: you are the requester."
    if standing(said_by(person, request=request)) is not None:
        return "You have already voted."
    if eligibility_of(person, request=request, at=at) is None:
        return "You are not one of the reviewers who were asked."
    return ""


def may_withdraw(person: User, *, request: ApprovalRequest, state: State) -> bool:
    """Whether there is an approval of this person's that can still be taken back."""
    is_open = state in {State.PENDING, State.HELD}
    return is_open and standing(said_by(person, request=request)) is Verdict.APPROVE
