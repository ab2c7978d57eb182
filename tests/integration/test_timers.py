"""What the clock does for requests that wait: people are asked in turn, each once, and silence denies in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, Asking, OutboxEvent, Schedule, Stander, Timer, Turn
from approvals.selectors import shown_to, visible_to
from approvals.services.deadlines import escalate_request, extend_request, pass_on
from approvals.services.expiry import expire_due
from approvals.services.timers import run_due_timers
from approvals.tasks import expire_approvals, run_timers
from decisions.services.policies import publish_policy
from receipts.clock import database_now
from receipts.problems import ProblemError
from receipts.selectors.accounting import accounts
from tests.factories import ALICE, Cast, StepUp, make_cast, make_person, open_step_up, vote

MoveClock = Callable[[float], None]
RULES = """
policy: {id: chain, version: "1"}
rules:
  - id: chain
    match: any
    action: STEP_UP
    hold: 0
    timeout: 60m
    approvers: [security-team]
    escalation: [{after: 30m, to: [human:manager, security-team]}, {after: 45m, to: [schedule:on-call, human:manager]}]
"""


@pytest.fixture
def cast(db: None) -> Cast:
    made = make_cast()
    Stander.objects.create(human=ALICE, relation="manager", person=made.mallory)
    start = (database_now() - timedelta(days=1)).date()
    schedule = Schedule.objects.create(name="on-call", zone="UTC", starts_on=start, handover=time(0), turn_days=365)
    Turn.objects.create(schedule=schedule, person=made.dave, position=1)
    publish_policy(text=RULES, source="chain.yaml", actor=None)
    return made


@pytest.fixture
def step(cast: Cast) -> StepUp:
    return open_step_up(cast)


def now(step: StepUp) -> ApprovalRequest:
    return ApprovalRequest.objects.get(pk=step.approval.pk)


def asked(step: StepUp) -> list[tuple[int, str]]:
    rows = Asking.objects.filter(request=step.approval).order_by("step", "person__username")
    return list(rows.values_list("step", "person__username"))


def code_of(problem: pytest.ExceptionInfo[ProblemError]) -> str:
    return problem.value.code


@pytest.mark.case("APR-37", "CHN-28")
def test_after_half_an_hour_the_manager_then_who_is_on_call_then_denied(
    cast: Cast, step: StepUp, move_clock: MoveClock
) -> None:
    at_once = [(0, "bob"), (0, "carol")]
    assert (run_due_timers(), asked(step)) == (0, at_once)
    with pytest.raises(ProblemError, match="not one of the reviewers"):
        vote(step, cast.mallory)
    move_clock(30 * 60)
    assert (run_due_timers(), run_due_timers()) == (1, 0)
    assert asked(step) == [*at_once, (1, "mallory")], "Nobody is asked twice."
    assert visible_to(cast.mallory).filter(pk=step.approval.pk).exists()
    assert not visible_to(cast.dave).exists()
    move_clock(15 * 60)
    assert [run_timers() for _ in range(5)] == [1, 0, 0, 0, 0]
    assert asked(step) == [*at_once, (1, "mallory"), (2, "dave")]
    assert OutboxEvent.objects.filter(topic="approval_asked", reference=step.approval.pk).count() == 2
    move_clock(15 * 60)
    assert shown_to(cast.bob, now(step)).state == "EXPIRED"
    assert (expire_approvals(), now(step).state) == (1, "EXPIRED")
    assert Timer.objects.filter(request=step.approval, done_at__isnull=True).count() == 0


@pytest.mark.case("APR-37")
def test_whoever_an_escalation_asked_may_decide_in_any_seat(cast: Cast, step: StepUp, move_clock: MoveClock) -> None:
    move_clock(45 * 60)
    assert run_due_timers() == 1, "Both steps at once: nobody had looked."
    assert vote(step, cast.dave).state == "APPROVED"
    assert accounts()
    assert all(account.is_even for account in accounts())


@pytest.mark.case("FLT-17")
def test_who_may_decide_by_now_doesnt_depend_on_a_sweeper(cast: Cast, step: StepUp, move_clock: MoveClock) -> None:
    move_clock(30 * 60)
    assert vote(step, cast.mallory).state == "APPROVED"


def test_a_decided_request_asks_nobody_any_more(cast: Cast, step: StepUp, move_clock: MoveClock) -> None:
    vote(step, cast.bob)
    move_clock(30 * 60)
    run_due_timers()
    assert asked(step) == [(0, "bob"), (0, "carol")]
    assert run_due_timers() == 0


def test_during_a_hold_nobody_else_is_asked_and_if_it_is_undone_they_are(
    cast: Cast, step: StepUp, move_clock: MoveClock
) -> None:
    ApprovalRequest.objects.filter(pk=step.approval.pk).update(route=now(step).route | {"hold_seconds": 30})
    move_clock(30 * 60 - 10)
    assert vote(step, cast.bob).state == "HELD"
    move_clock(11)
    assert run_due_timers() == 0
    assert vote(step, cast.bob, verdict=Verdict.WITHDRAW).state == "PENDING"
    assert (run_due_timers(), asked(step)[-1]) == (1, (1, "mallory"))


@pytest.mark.case("APR-37")
def test_time_is_extended_within_a_hard_cap_and_never_beyond(cast: Cast, step: StepUp, move_clock: MoveClock) -> None:
    opened = now(step).opened_at
    extend_request(approval_id=step.approval.pk, person=cast.bob, seconds=3000)
    assert now(step).expires_at == opened + timedelta(seconds=6600)
    for person, seconds, code in ((cast.bob, 601, "beyond_cap"), (cast.dave, 10, "not_eligible")):
        with pytest.raises(ProblemError) as problem:
            extend_request(approval_id=step.approval.pk, person=person, seconds=seconds)
        assert code_of(problem) == code
    extend_request(approval_id=step.approval.pk, person=cast.carol, seconds=600)
    move_clock(7100)
    assert (expire_due(), now(step).state) == (0, "PENDING")
    move_clock(100)
    assert (expire_due(), now(step).state) == (1, "EXPIRED")
    with pytest.raises(ProblemError) as problem:
        extend_request(approval_id=step.approval.pk, person=cast.bob, seconds=1)
    assert code_of(problem) == "already_resolved"
    assert all(account.is_even for account in accounts())


def test_a_reviewer_escalates_before_the_clock_does(cast: Cast, step: StepUp, move_clock: MoveClock) -> None:
    escalate_request(approval_id=step.approval.pk, person=cast.bob)
    assert asked(step)[-1] == (1, "mallory")
    escalate_request(approval_id=step.approval.pk, person=cast.mallory)
    assert asked(step)[-1] == (2, "dave")
    with pytest.raises(ProblemError) as problem:
        escalate_request(approval_id=step.approval.pk, person=cast.bob)
    assert code_of(problem) == "nobody_left_to_ask"
    move_clock(46 * 60)
    assert run_due_timers() == 0
    assert vote(step, cast.dave).state == "APPROVED"


def test_a_request_is_passed_on_to_somebody_who_then_decides_in_that_place(cast: Cast, step: StepUp) -> None:
    erin, alice = make_person("erin"), make_person("alice")
    other = open_step_up(cast, name="x.z")
    pass_on(approval_id=step.approval.pk, person=cast.bob, to=erin)
    assert visible_to(erin).filter(pk=step.approval.pk).exists()
    assert not visible_to(erin).filter(pk=other.approval.pk).exists()
    for person, to, code in (
        (cast.bob, erin, "not_eligible"),
        (cast.carol, cast.carol, "cannot_pass_on"),
        (cast.carol, alice, "not_eligible"),
        (cast.carol, cast.peggy, "not_eligible"),
    ):
        with pytest.raises(ProblemError) as problem:
            pass_on(approval_id=step.approval.pk, person=person, to=to)
        assert code_of(problem) == code
    with pytest.raises(ProblemError):
        vote(step, cast.bob)
    assert vote(step, erin).state == "APPROVED"
    assert vote(other, cast.bob).state == "APPROVED"


def test_whoever_comes_on_call_while_it_is_open_is_asked_then(cast: Cast, move_clock: MoveClock) -> None:
    text = RULES.replace("[security-team]\n", "[schedule:on-call]\n").replace('"1"', '"2"')
    publish_policy(text=text, source="chain.yaml", actor=None)
    schedule = Schedule.objects.get()
    tomorrow = database_now() + timedelta(minutes=10)
    schedule.covers.create(person=cast.carol, starts_at=tomorrow, ends_at=tomorrow + timedelta(minutes=10))
    step = open_step_up(cast)
    assert asked(step) == [(0, "dave")]
    move_clock(601)
    assert run_due_timers() == 1
    assert asked(step) == [(0, "carol"), (0, "dave")]
    with pytest.raises(ProblemError):
        vote(step, cast.dave)
    move_clock(600)
    assert run_due_timers() == 1
    assert vote(step, cast.dave).state == "APPROVED"
