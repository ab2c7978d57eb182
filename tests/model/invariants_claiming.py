"""What must hold of approvals, of what is claimed of them, and of how they end."""

from __future__ import annotations

from approvals.lifecycle.quorum import Result, Verdict
from approvals.lifecycle.states import TERMINAL, State
from tests.model.steps import Step, fallen, is_taken, people_who_said_yes, quorum_of
from tests.model.world import LAST_TICK, OUTSIDER, REQUESTER, ROUTE

# What a claim of another action is told.
_REFUSED = frozenset({"action_mismatch", "not_approved", "expired", "already_consumed", "idempotency_mismatch"})


def an_approval_is_held_before_it_counts(step: Step) -> bool:
    """Nothing is handed out before the hold is over."""
    return not is_taken(step) or step.edge.before.tick >= quorum_of(step.edge.before) + ROUTE.hold_seconds


def an_approval_does_not_count_for_ever(step: Step) -> bool:
    """Nor after the time to use it."""
    last = quorum_of(step.edge.before) + ROUTE.hold_seconds + ROUTE.claim_seconds
    return not is_taken(step) or step.edge.before.tick < last


def it_is_handed_out_once(step: Step) -> bool:
    """One claim a decision, however many are tried."""
    return step.edge.after.handed_out <= 1 and (step.edge.after.handed_out == 1) == (step.edge.after.claim is not None)


def only_the_same_key_asks_again_and_only_in_its_lease(step: Step) -> bool:
    """Whose answer was lost may ask again; nobody else is told anything."""
    claim = step.edge.before.claim
    if step.edge.answer != "repeated":
        return True
    return claim is not None and claim.key == step.edge.actor and step.edge.before.tick < claim.until


def a_lost_answer_can_be_asked_for_again(step: Step) -> bool:
    """The same key inside the lease is never refused."""
    claim = step.edge.before.claim
    is_mine = claim is not None and step.edge.action == "claim" and claim.key == step.edge.actor
    is_in_time = claim is not None and step.edge.before.tick < claim.until
    return not (is_mine and is_in_time) or step.edge.answer == "repeated"


def another_action_is_never_handed_out_and_spoils_nothing(step: Step) -> bool:
    """A claim of anything else changes no row; but a pause ends what was approved, whatever is claimed."""
    if step.edge.action != "claim_other" or step.edge.answer == "paused":
        return True
    is_refused = step.edge.answer in _REFUSED
    return is_refused and step.edge.after == step.edge.before


def an_identity_that_ended_takes_nothing(step: Step) -> bool:
    """Keys, agents and hosts are looked at again."""
    return not is_taken(step) or step.edge.before.is_identity_valid


def what_is_paused_takes_nothing(step: Step) -> bool:
    """The kill switch holds from its commit on."""
    return not is_taken(step) or not step.edge.before.is_paused


def a_newer_policy_is_asked(step: Step) -> bool:
    """What it forbids, or puts before other people, isn't handed out on the word of before."""
    return not is_taken(step) or step.edge.before.policy == "same"


def those_who_approved_must_still_be_there(step: Step) -> bool:
    """At the claim, both stages are filled by people who may decide now."""
    world = step.edge.before
    return not is_taken(step) or len(people_who_said_yes(world) - fallen(world)) >= 2


def a_replaced_request_has_an_ending_and_its_successor_no_votes(step: Step) -> bool:
    """Approvals don't carry over."""
    if step.is_same_request:
        return True
    after = step.edge.after
    return after.replaced[-1:] == (State.SUPERSEDED,) and not after.votes and after.stored is State.PENDING


def only_a_claim_replaces_a_request(step: Step) -> bool:
    """And only one that was approved."""
    return step.is_same_request or (step.edge.action == "claim" and step.told is State.APPROVED)


def what_no_longer_holds_is_taken_back(step: Step) -> bool:
    """A claim that is refused because the approval doesn't hold leaves nothing behind that could be claimed."""
    lapsed = step.edge.answer in {"stale_identity", "paused", "policy_changed"}
    lapsed |= step.edge.answer == "not_approved" and step.edge.action == "claim" and step.told is State.APPROVED
    is_claim = step.edge.action.startswith("claim")
    return not (lapsed and is_claim) or not step.is_same_request or step.told_after is State.REVOKED


def what_is_held_is_approved_when_the_hold_is_over(step: Step) -> bool:
    """By the clock, whoever looks."""
    world = step.edge.before
    release = quorum_of(world) + ROUTE.hold_seconds
    is_due = world.stored is State.HELD and release <= world.tick < release + ROUTE.claim_seconds
    return not is_due or step.told is State.APPROVED


def what_nobody_takes_ends(step: Step) -> bool:
    """An approval that isn't used in its time is over."""
    world = step.edge.before
    last = quorum_of(world) + ROUTE.hold_seconds + ROUTE.claim_seconds
    return world.stored not in {State.HELD, State.APPROVED} or world.tick < last or step.told is State.EXPIRED


def what_was_taken_is_claimed(step: Step) -> bool:
    """And says so."""
    return not is_taken(step) or step.edge.after.stored is State.CLAIMED


def sweeping_tells_nobody_anything_new(step: Step) -> bool:
    """A reader is told the same before and after the sweeper."""
    return step.edge.action != "sweep" or step.told_after is step.told


def sweeping_twice_is_sweeping_once(step: Step) -> bool:
    """A task that is delivered again does nothing."""
    return step.edge.action != "sweep" or step.machine.sweep(step.edge.after) == step.edge.after


def everybody_is_asked_once(step: Step) -> bool:
    """However often their name comes up, and however many sweepers run."""
    people = [account for account, _ in step.edge.after.asked]
    return len(people) == len(set(people)) and not {REQUESTER, OUTSIDER} & set(people)


def nobody_is_unasked(step: Step) -> bool:
    """The roster only grows."""
    return not step.is_same_request or step.edge.before.asked <= step.edge.after.asked


def the_quorum_never_drops(step: Step) -> bool:
    """No escalation, removal or absence lowers how many are needed."""
    return step.machine.tally(step.edge.after).needed == sum(stage.count for stage in ROUTE.stages)


def a_vote_taken_back_counts_no_longer(step: Step) -> bool:
    """And is possible until the release, not afterwards."""
    is_back = step.edge.action == Verdict.WITHDRAW and step.edge.answer == "ok"
    if not is_back:
        return True
    said = {vote.account for vote in step.edge.after.votes if vote.verdict is Verdict.APPROVE}
    return step.told in {State.PENDING, State.HELD} and step.edge.actor not in said


def a_hold_ends_only_as_it_should(step: Step) -> bool:
    """It is released by the clock, undone where too few are left, or denied."""
    if step.edge.before.stored is not State.HELD or step.edge.after.stored is State.HELD:
        return True
    is_released = step.edge.before.tick >= quorum_of(step.edge.before) + ROUTE.hold_seconds
    if step.edge.action in set(Verdict) and not is_released:
        is_short = step.machine.tally(step.edge.after).result is Result.PENDING
        return step.edge.after.stored is State.DENIED or is_short
    return is_released


def whoever_approved_can_take_it_back_during_the_hold(step: Step) -> bool:
    """Anybody whose yes made it, who is still there."""
    world = step.edge.before
    is_theirs = any(said.account == step.edge.actor and said.verdict is Verdict.APPROVE for said in world.votes)
    may = bool(step.machine.eligibility(world, step.edge.actor)[0])
    is_asked = step.edge.action == Verdict.WITHDRAW and step.told is State.HELD and is_theirs and may
    return not is_asked or step.edge.answer == "ok"


def the_agent_withdraws_only_what_is_undecided(step: Step) -> bool:
    """What was approved stays approved, what is held is held."""
    return step.edge.action != "cancel" or (step.told_after is State.CANCELLED) == (
        step.told in {State.PENDING, State.CANCELLED}
    )


def every_ending_has_one_receipt(step: Step) -> bool:
    """A row that ended without an approval has one; one that ended after it has two, the approval's and its end's."""
    world = step.edge.after
    if world.stored in {State.PENDING, State.HELD}:
        return world.ended == ()
    owed = (State.APPROVED, world.stored) if State.APPROVED in world.ended else (world.stored,)
    return world.ended == {State.APPROVED: (State.APPROVED,), State.CLAIMED: (State.APPROVED,)}.get(world.stored, owed)


def every_request_ends(step: Step) -> bool:
    """By the last tick nothing is open any more, whatever anybody did or left undone."""
    latest = step.edge.before.opened + ROUTE.timeout_seconds + ROUTE.hold_seconds + ROUTE.claim_seconds
    return (
        step.edge.before.tick < min(latest, LAST_TICK)
        or step.edge.before.opened + 6 > LAST_TICK
        or step.told in TERMINAL
    )


def a_refusal_moves_nothing(step: Step) -> bool:
    """A vote that is not taken changes neither votes nor, but for the clock, the state."""
    is_refused = step.edge.action in set(Verdict) and step.edge.answer != "ok"
    return not is_refused or (step.edge.after.votes == step.edge.before.votes and step.told_after is step.told)
