"""Values end by themselves after the months that were chosen, and answers to retries after some days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.core.management import call_command

from approvals.models import ApprovalRequest
from decisions.models import IdempotentAnswer, Session
from decisions.services.deferrals import add_evidence
from decisions.services.forgetting import KEPT_DAYS, forget_answers
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.selectors import check_receipt, opened_values
from receipts.selectors.privacy import said_of
from receipts.services.erasure import Actor, Ground, erase_subject, place_hold
from receipts.services.retention import end_due_retention, months_back
from tests.factories import Cast, StepUp, begin_session, decide, make_cast, open_step_up, vote
from tests.privacy.people import payloads_of, tables_with, tell

ALICE, CHARLIE = "alicecanary7391", "charliecanary5520"
DAY = 86400.0
# Who the person is, who stands in for them and what people did about them stay known for as long as the person may come
# again, or until they ask to be erased.
STILL_KNOWN = ["approvals_stander", "decisions_human", "decisions_pause", "django_admin_log"]
Move = Callable[[float], None]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.mark.parametrize(
    ("year", "month", "kept", "stays"),
    [(2026, 11, 13, "2025-10"), (2026, 1, 1, "2025-12"), (2026, 12, 12, "2025-12"), (2026, 3, 0, "2026-03")],
)
def test_the_months_before_the_present_one_are_kept(year: int, month: int, kept: int, stays: str) -> None:
    assert months_back(datetime(year, month, 28, 23, 59, tzinfo=UTC), months=kept) == stays


def test_values_are_kept_thirteen_months_unless_the_installation_says_otherwise(
    cast: Cast, settings: LazySettings, move_clock: Move
) -> None:
    alice = tell(cast, ALICE)
    move_clock(394 * DAY)
    assert end_due_retention() is None
    settings.AARM_PAYLOAD_RETENTION_MONTHS, kept = 0, settings.AARM_PAYLOAD_RETENTION_MONTHS
    move_clock(4000 * DAY)
    assert end_due_retention() is None, "never"
    assert all(opened_values(row) for row in payloads_of(alice))
    settings.AARM_PAYLOAD_RETENTION_MONTHS = kept
    assert end_due_retention() is not None
    assert not any(opened_values(row) for row in payloads_of(alice))


@pytest.mark.case("PRV-03")
def test_what_is_older_than_the_months_kept_ends_by_itself_but_for_who_is_held(
    cast: Cast, settings: LazySettings, move_clock: Move
) -> None:
    settings.AARM_PAYLOAD_RETENTION_MONTHS = 1
    alice, charlie = tell(cast, ALICE), tell(cast, CHARLIE)
    place_hold(charlie.subject, actor=Actor(login="operator"), reason="A claim is pending.")
    assert end_due_retention() is None, "not yet"
    assert {"decisions_session", "decisions_idempotentanswer", "approvals_approvalrequest"} <= set(tables_with(ALICE))
    move_clock(70 * DAY)
    receipt = end_due_retention()
    assert receipt is not None
    said = said_of(receipt)
    assert (said["ground"], said["held"]) == ("retention_ended", 1)
    assert said["rows"]["payloads"] >= len(payloads_of(alice))
    assert (said["rows"]["session_states"], said["rows"]["requests"]) == (1, 1)
    assert tables_with(ALICE) == STILL_KNOWN
    assert not any(opened_values(row) for row in payloads_of(alice))
    assert all(opened_values(row) for row in payloads_of(charlie))
    assert Session.objects.get(pk=charlie.session).state["facts"]
    assert ApprovalRequest.objects.get(pk=charlie.step.approval.pk).requester
    assert [check.sentence for row in Receipt.objects.all() for check in check_receipt(row) if not check.is_good] == []
    assert end_due_retention() is None, "nothing is left to end"


def test_a_hold_on_everybody_stops_what_runs_by_itself_without_an_error(
    cast: Cast, settings: LazySettings, move_clock: Move
) -> None:
    settings.AARM_PAYLOAD_RETENTION_MONTHS = 1
    alice = tell(cast, ALICE)
    place_hold("", actor=Actor(login="operator"), reason="An inquiry.")
    move_clock(70 * DAY)
    assert end_due_retention() is None
    assert all(opened_values(row) for row in payloads_of(alice))


def test_the_command_ends_what_sessions_and_answers_repeat_too(cast: Cast) -> None:
    tell(cast, ALICE)
    call_command("privacy", "retain", "--before", "9999-01", "--yes")
    assert tables_with(ALICE) == STILL_KNOWN


@pytest.mark.case("APR-40")
def test_answers_are_forgotten_after_some_days_unless_their_action_still_waits(cast: Cast, move_clock: Move) -> None:
    session = begin_session(cast)
    done = decide(cast, session, "email.send", parameters={"to": "bob@corp.example"}, key="done")
    waits = open_step_up(cast, session_id=session, key="waits")
    keep_open(waits, days=30)
    move_clock((KEPT_DAYS - 0.1) * DAY)
    assert forget_answers() == 0
    move_clock(0.2 * DAY)
    assert forget_answers() == 1
    assert list(IdempotentAnswer.objects.values_list("key", flat=True)) == ["waits"]
    again = open_step_up(cast, session_id=session, key="waits")
    assert (again.approval, dict(again.answer)) == (waits.approval, dict(waits.answer))
    assert ApprovalRequest.objects.count() == 1
    anew = decide(cast, session, "email.send", parameters={"to": "bob@corp.example"}, key="done")
    assert anew["decision_id"] != done["decision_id"], "the control: what is over is forgotten"


@pytest.mark.case("APR-40")
def test_an_answer_is_kept_until_what_was_approved_can_be_claimed_no_more(cast: Cast, move_clock: Move) -> None:
    session = begin_session(cast)
    first = open_step_up(cast, session_id=session, key="mine")
    keep_open(first, days=30)
    move_clock((KEPT_DAYS + 1) * DAY)
    approved = vote(first, cast.bob)
    assert forget_answers() == 0, "it could be claimed besides the approval of a retry"
    assert open_step_up(cast, session_id=session, key="mine").answer == first.answer
    assert approved.claim_expires_at is not None
    move_clock((approved.claim_expires_at - database_now()).total_seconds() + 1)
    assert forget_answers() == 1
    anew = open_step_up(cast, session_id=session, key="mine")
    assert anew.approval != first.approval, "the first has expired and permits nothing"


def keep_open(step: StepUp, *, days: int) -> None:
    """As a policy with a long timeout would."""
    until = database_now() + timedelta(days=days)
    ApprovalRequest.objects.filter(pk=step.approval.pk).update(expires_at=until, closes_at=until)


def test_an_action_that_waits_for_a_fact_is_denied_once_its_values_are_erased(cast: Cast) -> None:
    session = begin_session(cast)
    waits = decide(cast, session, "credentials.rotate", parameters={"name": "ci"})
    erase_subject(str(Session.objects.get(pk=session).human_id), actor=Actor(login="operator"), ground=Ground.OBJECTION)
    ended = add_evidence(
        caller=cast.host, deferral_id=waits["deferral"]["id"], field="maintenance_window", value="open", source=""
    )
    assert (ended.state, ended.method) == ("DENIED", "erased")
