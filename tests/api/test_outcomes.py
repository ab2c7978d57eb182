"""What came of an action: only of one that could run, appended and never overwritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from decisions.models import ContextEntry, Outcome
from receipts.access import Caller
from receipts.models import Receipt
from tests.api.doors import Door, problem_of, row_counts
from tests.api.test_decide import INSIDE, asked
from tests.factories import Cast, vote

MoveClock = Callable[[float], None]


@pytest.fixture
def allowed(agent: Door, session: str) -> dict[str, Any]:
    """A mail that needed nobody."""
    answer: dict[str, Any] = agent.decide(session, parameters=INSIDE).json()
    assert answer["effective"] == "ALLOW"
    return answer


def test_an_outcome_leaves_a_receipt_and_an_entry_in_the_context(agent: Door, allowed: dict[str, Any]) -> None:
    reply = agent.report(
        allowed, output={"sent": True}, resources=["mailbox"], state_digests={"mailbox": "sha256:1"},
        started_at="2026-11-03T09:15:00Z", completed_at="2026-11-03T09:15:01Z",
    )  # fmt: skip
    assert reply.status_code == 200
    receipt = Receipt.objects.get(pk=reply.json()["receipt"]["id"])
    assert (receipt.type, receipt.outcome, receipt.digest) == (
        "outcome",
        "succeeded",
        reply.json()["receipt"]["digest"],
    )
    entry = ContextEntry.objects.filter(session_id=allowed["session_id"]).order_by("position").last()
    assert entry is not None
    assert entry.kind == "outcome"
    # What the tool answered is committed to, and stands in neither of the two.
    assert b"mailbox" not in bytes(receipt.body) + bytes(entry.body)


@pytest.mark.case("RCP-29")
def test_outcomes_that_repeat_or_contradict_stand_beside_each_other(agent: Door, allowed: dict[str, Any]) -> None:
    said = ["succeeded", "failed", "failed", "unknown", "succeeded"]
    replies = [agent.report(allowed, status) for status in said]
    assert [reply.status_code for reply in replies] == [200] * 5
    assert len({reply.json()["outcome_id"] for reply in replies}) == 5
    rows = Outcome.objects.filter(decision_id=allowed["decision_id"]).order_by("reported_at")
    assert [row.status for row in rows] == said
    kept = Receipt.objects.filter(decision_id=allowed["decision_id"], type="outcome").order_by("position")
    assert [row.outcome for row in kept] == said


@pytest.mark.case("RCP-29", "APR-38", "APR-39")
def test_a_report_whose_answer_was_lost_is_repeated_under_its_key(agent: Door, allowed: dict[str, Any]) -> None:
    first = agent.report(allowed, key="r1", output="done")
    before = row_counts()
    assert agent.report(allowed, key="r1", output="done").content == first.content
    problem_of(agent.report(allowed, "failed", key="r1"), status=422, code="idempotency_mismatch")
    assert row_counts() == before
    assert agent.report(allowed, key="r2", output="done").content != first.content


@pytest.mark.case("RCP-29")
def test_a_late_outcome_is_appended_all_the_same(cast: Cast, agent: Door, session: str, move_clock: MoveClock) -> None:
    step = asked(agent.decide(session))
    vote(step, cast.bob)
    assert agent.claim(step.answer).status_code == 200
    move_clock(settings.AARM_CLAIM_LEASE_SECONDS + settings.AARM_CLAIM_WINDOW_SECONDS + 3600)
    assert agent.report(step.answer, output="It took a while.").status_code == 200
    assert agent.read(step.answer)["effective"] == "ALLOW"


def test_what_could_not_have_run_has_no_outcome(cast: Cast, agent: Door, session: str, allowed: dict[str, Any]) -> None:
    denied = agent.decide(session, "database.drop", parameters={"table": "x"}).json()
    deferred = agent.decide(session, "credentials.rotate", parameters={}).json()
    pending = asked(agent.decide(session))
    approved = asked(agent.decide(session))
    vote(approved, cast.bob)
    before = row_counts()
    for answer in (denied, deferred, pending.answer, approved.answer):
        problem_of(agent.report(answer), status=409, code="not_executable")
    assert row_counts() == before
    assert agent.report(allowed).status_code == 200
    agent.claim(approved.answer)
    assert agent.report(approved.answer).status_code == 200


@pytest.mark.case("APR-06")
def test_nobody_reports_for_another_agent(
    agent: Door, host: Door, allowed: dict[str, Any], stranger: tuple[Door, Caller]
) -> None:
    before = row_counts()
    problem_of(stranger[0].report(allowed), status=404, code="not_found")
    problem_of(host.report(allowed), status=403, code="forbidden")
    assert row_counts() == before
    assert agent.report(allowed).status_code == 200


def test_an_outcome_is_still_taken_when_the_session_has_ended(agent: Door, host: Door, allowed: dict[str, Any]) -> None:
    host.post(f"/api/v1/sessions/{allowed['session_id']}/end")
    assert agent.report(allowed).status_code == 200


def test_classes_that_the_agent_declares_add_to_what_was_found_and_take_nothing_away(
    agent: Door, session: str, allowed: dict[str, Any]
) -> None:
    found = agent.report(allowed, output="4111 1111 1111 1111", data_classification=["SECRET"]).json()
    assert {"PII", "SECRET"} <= set(found["data_kinds"])
    assert agent.report(allowed, output="nothing", data_classification=[]).json()["data_kinds"] == ["NOT_CLASSIFIED"]
    assert {"PII", "SECRET"} <= set(agent.get(f"/api/v1/sessions/{session}").json()["data_kinds"])
