"""Quorum: distinct, eligible people, never the requester, deny first, and the order of votes never matters."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.lifecycle.errors import QuorumError
from approvals.lifecycle.quorum import (
    Ballot,
    Result,
    Stage,
    Tally,
    Uncounted,
    Unheard,
    Verdict,
    is_reachable,
    standing,
    tally,
    why_unheard,
)

SECURITY, OWNERS = "security-team", "data-owner"
ONE = (Stage(SECURITY, 1),)
TWO = (Stage(SECURITY, 2),)
BOTH = (Stage(SECURITY, 1), Stage(OWNERS, 1))


def ballot(person: str, *groups: str, verdict: Verdict = Verdict.APPROVE) -> Ballot:
    return Ballot(person=person, verdict=verdict, groups=frozenset(groups))


def deny(person: str, *groups: str) -> Ballot:
    return ballot(person, *groups, verdict=Verdict.DENY)


def count(stages: tuple[Stage, ...], *ballots: Ballot, requester: str | None = "alice") -> Tally:
    return tally(stages, ballots=ballots, requester=requester)


def test_one_eligible_approval_fills_a_quorum_of_one() -> None:
    assert count(ONE).result is Result.PENDING
    filled = count(ONE, ballot("bob", SECURITY))
    assert filled.result is Result.APPROVED
    assert filled.filled == ((Stage(SECURITY, 1), ("bob",)),)
    assert (filled.given, filled.needed) == (1, 1)


def test_the_requester_never_counts_not_even_to_deny() -> None:
    assert count(ONE, ballot("alice", SECURITY), requester="charlie").result is Result.APPROVED
    own = count(ONE, ballot("alice", SECURITY))
    assert own.result is Result.PENDING
    assert own.not_counted == (("alice", Uncounted.SELF_APPROVAL),)
    assert count(ONE, deny("alice", SECURITY)).result is Result.PENDING


def test_a_reviewer_who_lost_the_role_is_listed_with_the_reason_and_changes_nothing() -> None:
    assert count(TWO, ballot("bob", SECURITY), ballot("charlie", SECURITY)).result is Result.APPROVED
    removed = count(TWO, ballot("bob", SECURITY), ballot("charlie"), deny("dave", "cafeteria"))
    assert removed.result is Result.PENDING
    assert removed.not_counted == (("charlie", Uncounted.NOT_ELIGIBLE), ("dave", Uncounted.NOT_ELIGIBLE))
    assert removed.given == 1


def test_one_person_in_two_groups_fills_one_seat() -> None:
    bob = ballot("bob", SECURITY, OWNERS)
    assert count(BOTH, bob).result is Result.PENDING
    assert count(BOTH, bob, ballot("charlie", OWNERS)).result is Result.APPROVED


def test_the_flexible_person_moves_over_whoever_votes_last() -> None:
    bob, charlie = ballot("bob", SECURITY, OWNERS), ballot("charlie", SECURITY)
    for order in permutations((bob, charlie)):
        assert count(BOTH, *order).filled == ((BOTH[0], ("charlie",)), (BOTH[1], ("bob",)))


def test_a_chain_of_people_moves_over_to_seat_the_last() -> None:
    stages = tuple(Stage(group, 1) for group in "abc")
    people = (ballot("p1", "a", "b"), ballot("p2", "a", "c"), ballot("p3", "a"))
    for order in permutations(people):
        assert count(stages, *order).result is Result.APPROVED


def test_one_group_named_twice_needs_two_people() -> None:
    stages = (Stage(SECURITY, 1), Stage(SECURITY, 1))
    assert count(stages, ballot("bob", SECURITY)).result is Result.PENDING
    assert count(stages, ballot("bob", SECURITY), ballot("charlie", SECURITY)).result is Result.APPROVED


@pytest.mark.case("APR-25")
def test_a_deny_wins_over_the_approve_that_completes_the_quorum() -> None:
    approvals = (ballot("bob", SECURITY), ballot("charlie", SECURITY))
    assert count(TWO, *approvals).result is Result.APPROVED
    for order in permutations((*approvals, deny("dave", SECURITY))):
        assert count(TWO, *order).result is Result.DENIED


@pytest.mark.case("APR-24")
def test_a_person_who_says_both_has_denied_and_both_are_recorded() -> None:
    yes, no = ballot("bob", SECURITY), deny("bob", SECURITY)
    assert count(ONE, yes).result is Result.APPROVED
    for order in permutations((yes, no)):
        both = count(ONE, *order)
        assert both.result is Result.DENIED
        assert both.counted == (no,)
        assert both.not_counted == (("bob", Uncounted.OVERRULED_BY_OWN_DENY),)


def test_two_ballots_of_one_person_count_once() -> None:
    twice = count(TWO, ballot("bob", SECURITY), ballot("bob", SECURITY))
    assert twice.result is Result.PENDING
    assert twice.not_counted == (("bob", Uncounted.ALREADY_COUNTED),)
    assert count(TWO, ballot("bob", SECURITY), ballot("charlie", SECURITY)).result is Result.APPROVED


def test_ballots_that_contradict_each_other_about_a_persons_groups_are_refused() -> None:
    with pytest.raises(QuorumError):
        count(TWO, ballot("bob", SECURITY), ballot("bob", OWNERS))


def test_a_verdict_read_back_as_plain_text_means_the_same() -> None:
    stored: Any = "approve"
    assert count(ONE, ballot("bob", SECURITY, verdict=stored)).result is Result.APPROVED
    unknown: Any = "maybe"
    assert count(ONE, ballot("bob", SECURITY, verdict=unknown)).result is Result.DENIED


@pytest.mark.case("APR-21")
@pytest.mark.parametrize("size", [0, -1, 1.5, "2", float("nan"), None, True])
def test_a_quorum_that_is_no_number_of_people_is_refused(size: Any) -> None:
    assert Stage(SECURITY, 1).count == 1
    with pytest.raises(QuorumError):
        Stage(SECURITY, size)


@pytest.mark.parametrize("group", ["", "  "])
def test_a_stage_without_a_group_is_refused(group: str) -> None:
    with pytest.raises(QuorumError):
        Stage(group, 1)


def test_no_stages_are_an_error_never_a_vacuous_approval() -> None:
    with pytest.raises(QuorumError):
        count((), ballot("bob", SECURITY))
    with pytest.raises(QuorumError):
        is_reachable((), roster={SECURITY: frozenset({"bob"})}, requester=None)


@pytest.mark.case("APR-19")
@pytest.mark.parametrize("members", [frozenset(), frozenset({"alice"})])
def test_a_group_of_nobody_or_only_the_requester_cannot_be_asked(members: frozenset[str]) -> None:
    assert is_reachable(ONE, roster={SECURITY: members | {"bob"}}, requester="alice")
    assert not is_reachable(ONE, roster={SECURITY: members}, requester="alice")
    assert not is_reachable(ONE, roster={}, requester="alice")


@pytest.mark.case("APR-20")
def test_a_quorum_larger_than_the_people_there_are_cannot_be_reached() -> None:
    roster = {SECURITY: frozenset({"alice", "bob", "charlie"})}
    assert is_reachable(TWO, roster=roster, requester="alice")
    assert is_reachable((Stage(SECURITY, 3),), roster=roster, requester=None)
    assert not is_reachable((Stage(SECURITY, 3),), roster=roster, requester="alice")


def test_two_groups_of_the_same_single_person_cannot_be_reached() -> None:
    only_bob = {SECURITY: frozenset({"bob"}), OWNERS: frozenset({"bob"})}
    assert not is_reachable(BOTH, roster=only_bob, requester=None)
    assert is_reachable(BOTH, roster={**only_bob, OWNERS: frozenset({"bob", "charlie"})}, requester=None)


GROUPS = ("a", "b", "c")
PEOPLE = ("alice", "bob", "charlie", "dave", "erin")
rosters = st.fixed_dictionaries({person: st.frozensets(st.sampled_from(GROUPS)) for person in PEOPLE})
stage_lists = st.lists(st.builds(Stage, st.sampled_from(GROUPS), st.integers(1, 3)), min_size=1, max_size=3).map(tuple)
votes = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from([Verdict.APPROVE, Verdict.DENY])), max_size=8)
Cast = list[tuple[str, Verdict]]


def cast(chosen: Cast, *, groups_of: dict[str, frozenset[str]]) -> list[Ballot]:
    return [Ballot(person=person, verdict=verdict, groups=groups_of[person]) for person, verdict in chosen]


@given(stages=stage_lists, chosen=votes, groups_of=rosters, data=st.data())
def test_the_order_of_votes_changes_nothing(
    stages: tuple[Stage, ...], chosen: Cast, groups_of: dict[str, frozenset[str]], data: st.DataObject
) -> None:
    ballots = cast(chosen, groups_of=groups_of)
    shuffled = data.draw(st.permutations(ballots))
    assert count(stages, *ballots) == count(stages, *shuffled)


@given(stages=stage_lists, chosen=votes, groups_of=rosters, newcomer=st.sampled_from(PEOPLE))
def test_another_approval_never_takes_a_quorum_away(
    stages: tuple[Stage, ...], chosen: Cast, groups_of: dict[str, frozenset[str]], newcomer: str
) -> None:
    before = count(stages, *cast(chosen, groups_of=groups_of))
    after = count(stages, *cast([*chosen, (newcomer, Verdict.APPROVE)], groups_of=groups_of))
    assert after.given >= before.given
    assert before.result is Result.PENDING or after.result is before.result


@given(stages=stage_lists, chosen=votes, groups_of=rosters, newcomer=st.sampled_from(PEOPLE))
def test_another_deny_never_approves(
    stages: tuple[Stage, ...], chosen: Cast, groups_of: dict[str, frozenset[str]], newcomer: str
) -> None:
    before = count(stages, *cast(chosen, groups_of=groups_of))
    after = count(stages, *cast([*chosen, (newcomer, Verdict.DENY)], groups_of=groups_of))
    assert after.result is before.result or after.result is Result.DENIED


def brute_force(stages: tuple[Stage, ...], *, groups_of: dict[str, frozenset[str]]) -> bool:
    """Tries every way of seating distinct people, one seat after the other."""
    seats = [stage.group for stage in stages for _ in range(stage.count)]
    return any(
        all(group in groups_of[person] for group, person in zip(seats, order, strict=True))
        for order in permutations(groups_of, len(seats))
    )


small_stage_lists = st.lists(st.builds(Stage, st.sampled_from(GROUPS), st.integers(1, 2)), min_size=1, max_size=2)


@given(stages=small_stage_lists.map(tuple), groups_of=rosters)
def test_the_matching_agrees_with_trying_every_seating(
    stages: tuple[Stage, ...], groups_of: dict[str, frozenset[str]]
) -> None:
    expected = brute_force(stages, groups_of={who: groups for who, groups in groups_of.items() if who != "alice"})
    everybody = [(person, Verdict.APPROVE) for person in PEOPLE]
    roster = {group: frozenset(who for who, groups in groups_of.items() if group in groups) for group in GROUPS}
    assert (count(stages, *cast(everybody, groups_of=groups_of)).result is Result.APPROVED) is expected
    assert is_reachable(stages, roster=roster, requester="alice") is expected


YES, NO, BACK = Verdict.APPROVE, Verdict.DENY, Verdict.WITHDRAW


@pytest.mark.case("APR-24")
@pytest.mark.parametrize(
    ("votes", "stands"),
    [
        ((), None), ((YES,), YES), ((NO,), NO), ((YES, BACK), None), ((YES, BACK, YES), YES),
        ((YES, NO), NO), ((NO, YES), NO), ((YES, BACK, NO, YES), NO),
    ],
)  # fmt: skip
def test_a_yes_can_be_taken_back_and_given_again_and_a_no_stays(
    votes: tuple[Verdict, ...], stands: Verdict | None
) -> None:
    assert standing(votes) is stands


@pytest.mark.case("APR-24")
@pytest.mark.parametrize(
    ("votes", "verdict", "reason"),
    [
        ((), YES, None), ((), NO, None), ((), BACK, Unheard.NOTHING_TO_WITHDRAW),
        ((YES,), YES, Unheard.ALREADY_VOTED), ((YES,), NO, None), ((YES,), BACK, None),
        ((NO,), NO, Unheard.ALREADY_VOTED), ((NO,), YES, None), ((NO,), BACK, Unheard.NOTHING_TO_WITHDRAW),
        ((YES, BACK), BACK, Unheard.NOTHING_TO_WITHDRAW), ((YES, BACK), YES, None),
        ((NO, YES), YES, Unheard.ALREADY_VOTED),
    ],
)  # fmt: skip
def test_saying_the_same_twice_is_one_vote(
    votes: tuple[Verdict, ...], verdict: Verdict, reason: Unheard | None
) -> None:
    assert why_unheard(votes, verdict=verdict) is reason


def test_as_many_have_to_deny_as_the_route_says_and_who_denied_fills_no_seat() -> None:
    def counted(*ballots: Ballot) -> Tally:
        return tally(ONE, ballots=ballots, requester=None, denials=2)

    assert counted(deny("bob", SECURITY)).result is Result.PENDING
    assert counted(deny("bob", SECURITY), ballot("charlie", SECURITY)).result is Result.APPROVED
    own = counted(deny("bob", SECURITY), ballot("bob", SECURITY))
    assert (own.result, own.not_counted) == (Result.PENDING, (("bob", Uncounted.OVERRULED_BY_OWN_DENY),))
    both = counted(deny("bob", SECURITY), deny("charlie", SECURITY), ballot("dave", SECURITY))
    assert both.result is Result.DENIED


@pytest.mark.case("APR-23")
def test_a_place_is_filled_once_whoever_votes_in_it() -> None:
    def for_bob(person: str, verdict: Verdict = YES) -> Ballot:
        return Ballot(person=person, verdict=verdict, groups=frozenset({SECURITY}), holder="bob")

    own = ballot("bob", SECURITY)
    assert count(ONE, for_bob("erin")).result is Result.APPROVED
    twice = count(TWO, own, for_bob("erin"), for_bob("frank"))
    assert (twice.result, twice.given) == (Result.PENDING, 1)
    assert {reason for _, reason in twice.not_counted} == {Uncounted.ALREADY_COUNTED}
    assert count(TWO, for_bob("erin"), ballot("charlie", SECURITY)).result is Result.APPROVED
    assert count(ONE, own, for_bob("erin", NO)).result is Result.DENIED
    assert count(ONE, Ballot("erin", YES, frozenset({SECURITY}), holder="alice")).result is Result.PENDING
    assert count(ONE, Ballot("alice", YES, frozenset({SECURITY}), holder="bob")).result is Result.PENDING
