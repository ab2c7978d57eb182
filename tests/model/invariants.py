"""All that must hold of every state and of everything that happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.model import invariants_claiming, invariants_deciding
from tests.model.happenings import Edge
from tests.model.machine import Machine
from tests.model.steps import Step

Invariant = Callable[[Step], bool]

INVARIANTS: tuple[Invariant, ...] = (
    invariants_deciding.terminal_states_never_change,
    invariants_deciding.a_stored_ending_is_never_rewritten,
    invariants_deciding.only_a_full_quorum_approves,
    invariants_deciding.nobody_who_may_not_decide_helps_to_approve,
    invariants_deciding.the_requester_is_never_heard,
    invariants_deciding.nobody_from_outside_is_heard,
    invariants_deciding.nobody_is_heard_who_was_removed,
    invariants_deciding.a_deputy_is_heard_only_while_somebody_is_away,
    invariants_deciding.whoever_is_away_is_not_heard,
    invariants_deciding.an_escalation_asks_nobody_early,
    invariants_deciding.a_person_fills_one_seat,
    invariants_deciding.a_place_is_filled_once,
    invariants_deciding.enough_noes_end_it,
    invariants_deciding.nothing_but_noes_denies,
    invariants_deciding.a_no_is_never_turned_into_a_yes,
    invariants_deciding.an_identity_that_ended_is_not_approved,
    invariants_deciding.nothing_is_approved_against_a_no,
    invariants_deciding.silence_denies,
    invariants_deciding.nobody_is_heard_after_the_time,
    invariants_deciding.enough_yeses_are_an_approval,
    invariants_deciding.what_was_undone_is_decided_again,
    invariants_claiming.an_approval_is_held_before_it_counts,
    invariants_claiming.an_approval_does_not_count_for_ever,
    invariants_claiming.it_is_handed_out_once,
    invariants_claiming.only_the_same_key_asks_again_and_only_in_its_lease,
    invariants_claiming.a_lost_answer_can_be_asked_for_again,
    invariants_claiming.another_action_is_never_handed_out_and_spoils_nothing,
    invariants_claiming.an_identity_that_ended_takes_nothing,
    invariants_claiming.what_is_paused_takes_nothing,
    invariants_claiming.a_newer_policy_is_asked,
    invariants_claiming.those_who_approved_must_still_be_there,
    invariants_claiming.a_replaced_request_has_an_ending_and_its_successor_no_votes,
    invariants_claiming.only_a_claim_replaces_a_request,
    invariants_claiming.what_no_longer_holds_is_taken_back,
    invariants_claiming.what_is_held_is_approved_when_the_hold_is_over,
    invariants_claiming.what_nobody_takes_ends,
    invariants_claiming.what_was_taken_is_claimed,
    invariants_claiming.sweeping_tells_nobody_anything_new,
    invariants_claiming.sweeping_twice_is_sweeping_once,
    invariants_claiming.everybody_is_asked_once,
    invariants_claiming.nobody_is_unasked,
    invariants_claiming.the_quorum_never_drops,
    invariants_claiming.a_vote_taken_back_counts_no_longer,
    invariants_claiming.a_hold_ends_only_as_it_should,
    invariants_claiming.whoever_approved_can_take_it_back_during_the_hold,
    invariants_claiming.the_agent_withdraws_only_what_is_undecided,
    invariants_claiming.every_ending_has_one_receipt,
    invariants_claiming.every_request_ends,
    invariants_claiming.a_refusal_moves_nothing,
)


def broken(machine: Machine, edge: Edge) -> Iterator[str]:
    """The names of the promises that an edge breaks."""
    step = Step(edge, machine.settled(edge.before), machine.settled(edge.after), machine)
    return (invariant.__name__ for invariant in INVARIANTS if not invariant(step))
