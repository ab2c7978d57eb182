"""The moment after the last approval: it can be taken back or denied until it is released, and never afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, User, Vote
from approvals.selectors import shown_to, waiting_for
from approvals.services.expiry import expire_due
from approvals.services.requests import cancel_request
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.policies import publish_policy
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors.accounting import accounts
from tests.factories import Cast, StepUp, make_cast, open_step_up, vote

RULES = """
policy: {id: holds, version: "1"}
rules:
  - {id: one, match: {tool: email.send}, action: STEP_UP, hold: 30s, timeout: 60, approvers: [security-team]}
  - {id: two, match: {tool: files.share}, action: STEP_UP, hold: 0, timeout: 60, denials: 2,
     approvers: [{group: security-team, count: 2}]}
"""
MoveClock = Callable[[float], None]


@pytest.fixture
def cast(db: None) -> Cast:
    made = make_cast()
    publish_policy(text=RULES, source="holds.yaml", actor=None)
    return made


@pytest.fixture
def held(cast: Cast) -> StepUp:
    step = open_step_up(cast)
    assert vote(step, cast.bob).state == "HELD"
    return step


def now(step: StepUp) -> ApprovalRequest:
    return ApprovalRequest.objects.get(pk=step.approval.pk)


def refusal(step: StepUp, person: User, verdict: Verdict) -> str:
    counted = Vote.objects.count()
    with pytest.raises(ProblemError) as problem:
        vote(step, person, verdict=verdict)
    assert Vote.objects.count() == counted
    return problem.value.code


def claim(cast: Cast, step: StepUp) -> int:
    wanted = ClaimRequest(action_digest=str(step.answer["action_digest"]))
    return claim_decision(caller=cast.agent, decision_id=str(step.answer["decision_id"]), wanted=wanted, key="").status


def test_nothing_can_be_claimed_before_the_hold_is_over_and_merely_reading_ends_it(
    cast: Cast, held: StepUp, move_clock: MoveClock
) -> None:
    with pytest.raises(ProblemError, match="held"):
        claim(cast, held)
    move_clock(9)
    assert shown_to(cast.bob, now(held)).state == "HELD"
    move_clock(21)
    assert shown_to(cast.bob, now(held)).state == "APPROVED"
    assert now(held).state == "HELD", "Nobody has written it down, and nothing depends on that."
    assert claim(cast, held) == 200
    states = Receipt.objects.filter(approval_id=held.approval.pk, type="approval_terminal").count()
    assert (now(held).state, states) == ("CLAIMED", 1)


def test_the_sweeper_releases_what_the_clock_has_released(held: StepUp, move_clock: MoveClock) -> None:
    move_clock(30)
    assert (expire_due(), now(held).state, expire_due()) == (1, "APPROVED", 0)


@pytest.mark.case("APR-24")
def test_an_approver_takes_the_vote_back_and_may_give_it_again(cast: Cast, held: StepUp, move_clock: MoveClock) -> None:
    assert shown_to(cast.bob, now(held)).may_withdraw
    assert not shown_to(cast.carol, now(held)).may_withdraw
    assert refusal(held, cast.carol, Verdict.WITHDRAW) == "nothing_to_withdraw"
    row = vote(held, cast.bob, verdict=Verdict.WITHDRAW)
    assert (row.state, row.release_at, row.claim_expires_at) == ("PENDING", None, None)
    move_clock(20)
    assert now(held).state == "PENDING"
    assert waiting_for(cast.bob).filter(pk=held.approval.pk).exists()
    assert refusal(held, cast.bob, Verdict.WITHDRAW) == "nothing_to_withdraw"
    assert vote(held, cast.bob).state == "HELD"
    said = list(Vote.objects.filter(person=cast.bob).order_by("number").values_list("number", "verdict"))
    assert said == [(1, "approve"), (2, "withdraw"), (3, "approve")]
    assert [shown.why_not != "" for shown in shown_to(cast.bob, now(held)).votes] == [True, False, False]


@pytest.mark.case("APR-24")
def test_a_no_during_the_hold_wins_and_is_final(cast: Cast, held: StepUp, move_clock: MoveClock) -> None:
    row = vote(held, cast.carol, verdict=Verdict.DENY)
    assert (row.state, row.claim_expires_at) == ("DENIED", None)
    move_clock(30)
    for person, verdict in ((cast.bob, Verdict.WITHDRAW), (cast.bob, Verdict.DENY), (cast.carol, Verdict.APPROVE)):
        assert refusal(held, person, verdict) == "already_resolved"
    with pytest.raises(ProblemError, match="denied"):
        claim(cast, held)
    assert all(account.is_even for account in accounts())


@pytest.mark.case("APR-24")
def test_who_approved_may_still_deny_and_both_are_on_record(cast: Cast, held: StepUp) -> None:
    assert vote(held, cast.bob, verdict=Verdict.DENY).state == "DENIED"
    assert [shown.verdict for shown in shown_to(cast.bob, now(held)).votes if not shown.why_not] == ["deny"]
    assert Receipt.objects.filter(approval_id=held.approval.pk, type="vote").count() == 2


def test_a_hold_takes_no_further_approval_and_no_withdrawal_by_the_agent(cast: Cast, held: StepUp) -> None:
    assert refusal(held, cast.carol, Verdict.APPROVE) == "already_resolved"
    assert cancel_request(approval_id=held.approval.pk, resolution="withdrawn_by_agent") == "HELD"


def test_an_approval_taken_back_after_the_time_to_decide_has_expired(cast: Cast, move_clock: MoveClock) -> None:
    step = open_step_up(cast)
    move_clock(45)
    assert vote(step, cast.bob).state == "HELD"
    move_clock(17)
    assert shown_to(cast.bob, now(step)).state == "HELD", "Given in time; only the release falls after it."
    assert vote(step, cast.bob, verdict=Verdict.WITHDRAW).state == "EXPIRED"
    assert all(account.is_even for account in accounts())


def test_a_vote_after_the_release_is_too_late_to_take_anything_back(
    cast: Cast, held: StepUp, move_clock: MoveClock
) -> None:
    move_clock(30)
    for verdict in Verdict:
        assert refusal(held, cast.bob, verdict) == "already_resolved"
    assert shown_to(cast.bob, now(held)).state == "APPROVED"


@pytest.mark.case("APR-24")
def test_where_it_takes_two_to_deny_one_no_only_keeps_that_person_from_approving(cast: Cast) -> None:
    step = open_step_up(cast, name="files.share")
    assert vote(step, cast.bob, verdict=Verdict.DENY).state == "PENDING"
    assert refusal(step, cast.bob, Verdict.DENY) == "already_voted"
    assert refusal(step, cast.bob, Verdict.WITHDRAW) == "nothing_to_withdraw"
    assert vote(step, cast.bob).state == "PENDING", "On record, and not counted."
    shown = shown_to(cast.bob, now(step))
    assert (shown.tally.given, shown.may_vote) == (0, False)
    assert vote(step, cast.carol, verdict=Verdict.DENY).state == "DENIED"
