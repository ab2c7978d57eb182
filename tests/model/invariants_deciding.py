"""What must hold while people decide. Each is a function; its docstring is the promise."""

from __future__ import annotations

from approvals.lifecycle.quorum import Result, Verdict
from approvals.lifecycle.states import NON_TERMINAL, State
from tests.model.steps import Step, people_who_said_yes, standing_places
from tests.model.world import ABSENT, DEPUTY, OUTSIDER, REQUESTER, ROUTE

APPROVED = frozenset({State.HELD, State.APPROVED})


def terminal_states_never_change(step: Step) -> bool:
    """Whoever was told that it is over is never told otherwise."""
    return step.told in NON_TERMINAL or not step.is_same_request or step.told_after is step.told


def a_stored_ending_is_never_rewritten(step: Step) -> bool:
    """No event leads out of a terminal row."""
    return step.edge.before.stored in NON_TERMINAL or step.edge.after.stored is step.edge.before.stored


def only_a_full_quorum_approves(step: Step) -> bool:
    """Every stage is filled by different places at the moment of approval: one of security and one of the owners."""
    return not step.is_granted or len(people_who_said_yes(step.edge.after)) >= 2


def nobody_who_may_not_decide_helps_to_approve(step: Step) -> bool:
    """Of those whose yes made the quorum none is removed, and each was asked by name, by absence or by escalation."""
    if not step.is_granted:
        return True
    voters = {said.account for said in step.edge.after.votes}
    return (
        not voters & {REQUESTER, OUTSIDER} and len(people_who_said_yes(step.edge.after) - step.edge.after.removed) >= 2
    )


def the_requester_is_never_heard(step: Step) -> bool:
    """Alice is in the team that is asked, and her vote is refused all the same."""
    return step.edge.actor != REQUESTER or step.edge.answer != "ok"


def nobody_from_outside_is_heard(step: Step) -> bool:
    """Mallory is in no team."""
    return step.edge.actor != OUTSIDER or step.edge.answer != "ok"


def nobody_is_heard_who_was_removed(step: Step) -> bool:
    """A role that was lost is lost for the next vote."""
    is_vote = step.edge.action in set(Verdict)
    return not is_vote or step.edge.answer != "ok" or step.edge.actor not in step.edge.before.removed


def a_deputy_is_heard_only_while_somebody_is_away(step: Step) -> bool:
    """Erin votes in Bob's place, and only in his absence."""
    is_heard = step.edge.actor == DEPUTY and step.edge.answer == "ok"
    return not is_heard or (step.edge.before.absence == "away" and ABSENT not in step.edge.before.removed)


def whoever_is_away_is_not_heard(step: Step) -> bool:
    """Bob's place is Erin's meanwhile."""
    is_vote = step.edge.actor == ABSENT and step.edge.action in set(Verdict)
    return not is_vote or step.edge.answer != "ok" or step.edge.before.absence != "away"


def an_escalation_asks_nobody_early(step: Step) -> bool:
    """Frank is heard from the time of his step on."""
    is_heard = step.edge.actor == "frank" and step.edge.answer == "ok"
    return not is_heard or step.edge.before.tick - step.edge.before.opened >= ROUTE.escalation[0].after_seconds


def a_person_fills_one_seat(step: Step) -> bool:
    """However many teams somebody is in, and however many stages they might fill."""
    filled = [place for _, places in step.machine.tally(step.edge.after).filled for place in places]
    return len(filled) == len(set(filled))


def a_place_is_filled_once(step: Step) -> bool:
    """Bob and Erin together are one of security."""
    filled = [place for _, places in step.machine.tally(step.edge.after).filled for place in places]
    return DEPUTY not in filled


def enough_noes_end_it(step: Step) -> bool:
    """As many noes of people who may decide as the policy asks for, pending or held, and it is denied; not before."""
    is_no = step.edge.action == Verdict.DENY and step.edge.answer == "ok"
    is_enough = len(standing_places(step.edge.after, Verdict.DENY)) >= step.machine.route.denials
    return not is_no or (step.edge.after.stored is State.DENIED) == is_enough


def nothing_but_noes_denies(step: Step) -> bool:
    """Nobody is told DENIED where nobody said no."""
    is_denied = step.told_after is State.DENIED and step.told is not State.DENIED
    return not is_denied or step.edge.action == Verdict.DENY


def a_no_is_never_turned_into_a_yes(step: Step) -> bool:
    """Whoever said no helps to approve nothing, whatever they say afterwards."""
    world = step.edge.after
    return not any(said.account in world.noes for said in world.votes if said.verdict is Verdict.APPROVE)


def an_identity_that_ended_is_not_approved(step: Step) -> bool:
    """Nobody's yes is heard for somebody who may not ask any more."""
    is_yes = step.edge.action == Verdict.APPROVE and step.edge.answer == "ok"
    return not is_yes or step.edge.before.is_identity_valid


def nothing_is_approved_against_a_no(step: Step) -> bool:
    """No state that permits has as many noes that count as deny."""
    noes = [each for each in step.machine.tally(step.edge.after).counted if each.verdict is not Verdict.APPROVE]
    return step.edge.after.stored not in APPROVED or len(noes) < step.machine.route.denials


def silence_denies(step: Step) -> bool:
    """A request whose time is over is not pending to anybody, and a vote doesn't bring it back."""
    world = step.edge.before
    is_over = world.stored is State.PENDING and world.tick >= world.opened + ROUTE.timeout_seconds
    return not is_over or (
        step.told is State.EXPIRED and (not step.is_same_request or step.told_after is State.EXPIRED)
    )


def nobody_is_heard_after_the_time(step: Step) -> bool:
    """Except for taking back or denying what was approved in time."""
    world = step.edge.before
    is_late = world.tick >= world.opened + ROUTE.timeout_seconds and step.edge.action in set(Verdict)
    return not is_late or step.edge.answer != "ok" or world.stored is State.HELD


def enough_yeses_are_an_approval(step: Step) -> bool:
    """The vote that completes a quorum approves, and nothing else is needed."""
    is_vote = step.edge.action in set(Verdict) and step.edge.answer == "ok" and step.told is State.PENDING
    is_enough = step.machine.tally(step.edge.after).result is Result.APPROVED
    return not (is_vote and is_enough) or step.edge.after.stored is State.HELD


def what_was_undone_is_decided_again(step: Step) -> bool:
    """While there is time; otherwise silence denies."""
    world = step.edge.before
    is_back = step.edge.action == Verdict.WITHDRAW and step.edge.answer == "ok" and step.told is State.HELD
    if not is_back or step.machine.tally(step.edge.after).result is not Result.PENDING:
        return True
    is_late = world.tick >= world.opened + ROUTE.timeout_seconds
    return step.told_after is (State.EXPIRED if is_late else State.PENDING)
