"""Counting votes: distinct, eligible people, never the requester, and a no comes before every yes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from approvals.lifecycle.errors import QuorumError


class Verdict(StrEnum):
    """What one person says."""

    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW = "withdraw"


class Result(StrEnum):
    """What the ballots come to."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    DENIED = "DENIED"


class Uncounted(StrEnum):
    """Why a ballot did not count."""

    SELF_APPROVAL = "self_approval"
    NOT_ELIGIBLE = "not_eligible"
    OVERRULED_BY_OWN_DENY = "overruled_by_own_deny"
    ALREADY_COUNTED = "already_counted"


class Unheard(StrEnum):
    """Why a vote is not taken."""

    ALREADY_VOTED = "already_voted"
    NOTHING_TO_WITHDRAW = "nothing_to_withdraw"


def standing(votes: Sequence[Verdict]) -> Verdict | None:
    """What a person's votes on one request, in the order in which they were cast, come to; None for nothing.

    A no stays: neither a later yes nor a withdrawal takes it back. A yes can be taken back, and given again.
    """
    if Verdict.DENY in votes:
        return Verdict.DENY
    return Verdict.APPROVE if votes and votes[-1] is Verdict.APPROVE else None


def why_unheard(votes: Sequence[Verdict], *, verdict: Verdict) -> Unheard | None:
    """Why one more vote of the person who cast `votes` is not taken; None where it is.

    Saying the same again adds nothing. A yes after one's own no is taken, so that it is on record, and doesn't count.
    """
    if verdict is Verdict.WITHDRAW:
        return None if standing(votes) is Verdict.APPROVE else Unheard.NOTHING_TO_WITHDRAW
    return Unheard.ALREADY_VOTED if votes and votes[-1] is verdict else None


@dataclass(frozen=True, slots=True)
class Stage:
    """`count` people of `group` must approve. Raises `QuorumError` unless count is a whole number of at least 1."""

    group: str
    count: int

    def __post_init__(self) -> None:
        # A boolean is an int to Python, and True must not pass for one person.
        if type(self.count) is not int or self.count < 1:
            raise QuorumError(
                f"A quorum must be a whole number of at least 1, not {self.count!r}.",
                fix="Name how many people of the group must approve.",
            )
        if not self.group.strip():
            raise QuorumError("A stage names no group.", fix="Name the group whose members may approve.")


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote. `groups` are those that the person is eligible in *now*, not when the vote was cast.

    `holder` is whose place the vote is cast in, where that isn't the person's own: a place is filled once.
    """

    person: str
    verdict: Verdict
    groups: frozenset[str]
    holder: str = ""

    @property
    def place(self) -> str:
        """Whose vote it is."""
        return self.holder or self.person


@dataclass(frozen=True, slots=True)
class Tally:
    """What the ballots come to; the same for every order of the ballots.

    `filled` has one entry for each stage, in their order, with those whose places fill it, sorted. `counted` are the
    ballots that count, `not_counted` pairs of person and reason, both sorted by person.
    """

    result: Result
    filled: tuple[tuple[Stage, tuple[str, ...]], ...]
    counted: tuple[Ballot, ...]
    not_counted: tuple[tuple[str, Uncounted], ...]

    @property
    def needed(self) -> int:
        """How many approvals the route asks for."""
        return sum(stage.count for stage, _ in self.filled)

    @property
    def given(self) -> int:
        """How many of them there are."""
        return sum(len(people) for _, people in self.filled)


@dataclass(slots=True)
class _Seating:
    """A largest matching of people to the seats of the stages (augmenting paths, Kuhn 1955)."""

    stages: tuple[Stage, ...]
    groups_of: Mapping[str, frozenset[str]]
    seats: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.seats = [[] for _ in self.stages]
        for person in sorted(self.groups_of):
            self._seat(person, tried=set())

    def _seat(self, person: str, *, tried: set[int]) -> bool:
        for number, stage in enumerate(self.stages):
            if number in tried or stage.group not in self.groups_of[person]:
                continue
            tried.add(number)
            if self._make_room(number, person=person, tried=tried):
                return True
        return False

    def _make_room(self, number: int, *, person: str, tried: set[int]) -> bool:
        sitting = self.seats[number]
        if len(sitting) < self.stages[number].count:
            sitting.append(person)
            return True
        for place, other in enumerate(sitting):
            if self._seat(other, tried=tried):
                sitting[place] = person
                return True
        return False

    @property
    def is_full(self) -> bool:
        return all(len(people) == stage.count for stage, people in zip(self.stages, self.seats, strict=True))


def tally(stages: tuple[Stage, ...], *, ballots: Iterable[Ballot], requester: str | None, denials: int = 1) -> Tally:
    """Counts the ballots. Every stage must be filled, and one person fills one seat, whatever groups they are in.

    `denials` counted denies win before the quorum is looked at, and who denied fills no seat. The requester's ballots
    and those of people who are in none of the groups are listed with the reason, and change nothing. Raises
    `QuorumError` for no stages, and for two ballots of one person that claim different groups.
    """
    _require_stages(stages)
    groups = frozenset(stage.group for stage in stages)
    counted, not_counted = _sort_out(ballots, groups=groups, requester=requester)
    approvers = {ballot.place: ballot.groups for ballot in counted if ballot.verdict == Verdict.APPROVE}
    seating = _Seating(stages=stages, groups_of=approvers)
    return Tally(
        result=_result(counted, is_full=seating.is_full, denials=denials),
        filled=tuple((stage, tuple(sorted(seats))) for stage, seats in zip(stages, seating.seats, strict=True)),
        counted=counted,
        not_counted=not_counted,
    )


def is_reachable(stages: tuple[Stage, ...], *, roster: Mapping[str, frozenset[str]], requester: str | None) -> bool:
    """Whether the quorum could be reached if everybody in the roster but the requester approved.

    `roster` names the people who are eligible in each group now; a group that it lacks has nobody. False means that
    asking is pointless and the action is denied (`no_eligible_reviewer`). Raises `QuorumError` for no stages.
    """
    _require_stages(stages)
    people = frozenset[str]().union(*roster.values()) - {requester}
    groups_of = {
        person: frozenset(group for group, members in roster.items() if person in members) for person in people
    }
    return _Seating(stages=stages, groups_of=groups_of).is_full


def _require_stages(stages: tuple[Stage, ...]) -> None:
    if not stages:
        raise QuorumError("Nobody is asked to approve.", fix="Name at least one group and how many of it must approve.")


def _sort_out(
    ballots: Iterable[Ballot], *, groups: frozenset[str], requester: str | None
) -> tuple[tuple[Ballot, ...], tuple[tuple[str, Uncounted], ...]]:
    """Splits the ballots into those that count, one for each place, and the others with the reason."""
    counted: dict[str, Ballot] = {}
    not_counted: list[tuple[str, Uncounted]] = []
    # A person's deny comes first, so that it is the one that counts.
    for ballot in sorted(ballots, key=_by_place):
        reason = _why_uncounted(ballot, earlier=counted.get(ballot.place), groups=groups, requester=requester)
        if reason is None:
            counted[ballot.place] = ballot
        else:
            not_counted.append((ballot.person, reason))
    return tuple(counted.values()), tuple(not_counted)


def _by_place(ballot: Ballot) -> tuple[str, bool, str]:
    return ballot.place, ballot.verdict == Verdict.APPROVE, ballot.person


def _why_uncounted(
    ballot: Ballot, *, earlier: Ballot | None, groups: frozenset[str], requester: str | None
) -> Uncounted | None:
    if requester is not None and requester in {ballot.person, ballot.place}:
        return Uncounted.SELF_APPROVAL
    if earlier is not None and earlier.person == ballot.person and earlier.groups != ballot.groups:
        raise QuorumError(
            f"Two ballots of {ballot.person} claim different groups.", fix="Look the person's groups up once per tally."
        )
    if not ballot.groups & groups:
        return Uncounted.NOT_ELIGIBLE
    if earlier is None:
        return None
    return Uncounted.ALREADY_COUNTED if earlier.verdict == ballot.verdict else Uncounted.OVERRULED_BY_OWN_DENY


def _result(counted: tuple[Ballot, ...], *, is_full: bool, denials: int) -> Result:
    # Whatever isn't a yes is a no.
    if sum(ballot.verdict != Verdict.APPROVE for ballot in counted) >= denials:
        return Result.DENIED
    return Result.APPROVED if is_full else Result.PENDING
