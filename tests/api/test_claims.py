"""Claiming: once, in time, by who asked, and exactly what was approved. Every refusal is on the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from approvals.models import ApprovalRequest, User
from approvals.services.expiry import expire_due
from decisions.models import Agent, Claim, Credential, Host
from decisions.services.identity import issue_key
from decisions.services.policies import publish_policy
from receipts.access import Caller
from receipts.clock import database_now
from receipts.models import Receipt
from tests.api.doors import Door, problem_of, row_counts
from tests.api.test_decide import asked
from tests.factories import MAIL, Cast, StepUp, publish, vote

MoveClock = Callable[[float], None]
ACTION = {"tool": "email", "operation": "send", "parameters": dict(MAIL)}


@pytest.fixture
def approved(cast: Cast, agent: Door, session: str) -> StepUp:
    """A mail that Bob has approved and that nobody has claimed."""
    step = asked(agent.decide(session))
    assert vote(step, cast.bob).state == "APPROVED"
    return step


def state_of(step: StepUp) -> str:
    return ApprovalRequest.objects.get(pk=step.approval.pk).state


def last_receipt(step: StepUp) -> tuple[str, str]:
    """Type and outcome of the newest receipt about this decision."""
    row = Receipt.objects.filter(decision_id=step.answer["decision_id"]).order_by("position").last()
    assert row is not None
    return row.type, row.outcome


def assert_refused(agent: Door, step: StepUp, *, code: str, status: int = 409, ended: int = 0, **body: Any) -> None:
    """The claim is refused with a receipt that says DENY, and nothing is claimed; `ended` approvals end with it."""
    counted = Receipt.objects.count()
    problem_of(agent.claim(step.answer, **body), status=status, code=code)
    assert last_receipt(step) == ("claim_refused", "DENY")
    assert Receipt.objects.count() == counted + 1 + ended
    assert not Claim.objects.exists()


def assert_asked_anew(agent: Door, step: StepUp, *, why: str) -> StepUp:
    """The approval was replaced by another request, for which nobody has voted yet; that one, as the agent reads it."""
    old = ApprovalRequest.objects.get(pk=step.approval.pk)
    assert (old.state, old.resolution) == ("SUPERSEDED", why)
    answer = agent.read(step.answer)
    new = ApprovalRequest.objects.get(pk=answer["approval"]["id"])
    assert (answer["effective"], answer["approval"]["state"]) == ("PENDING", "PENDING")
    assert (new.pk, new.first_id) == (old.replacement_id, step.approval.pk)
    assert not new.votes.exists()
    assert "parameters" not in answer
    return StepUp(approval=new, answer=answer)


def test_a_claim_returns_what_was_approved_and_its_time(agent: Door, approved: StepUp) -> None:
    reply = agent.claim(approved.answer)
    answer = reply.json()
    assert (reply.status_code, answer["parameters"]) == (200, dict(MAIL))
    assert answer["action_digest"] == approved.answer["action_digest"]
    assert answer["claim_id"].startswith("clm_")
    assert answer["lease_expires_at"].endswith("Z")
    assert state_of(approved) == "CLAIMED"
    assert last_receipt(approved) == ("claim", "CLAIMED")


@pytest.mark.case("APR-01")
@pytest.mark.parametrize(
    "change",
    [
        {"action": ACTION | {"parameters": {**MAIL, "to": "eve@evil.example"}}},
        {"action": ACTION | {"parameters": {**MAIL, "cc": "eve@evil.example"}}},
        {"action": ACTION | {"parameters": {}}},
        {"action": ACTION | {"operation": "forward"}},
        {"action": ACTION | {"tool": "mail"}},
        {"action_digest": "sha256:" + "0" * 64},
    ],
)
def test_a_claim_of_anything_else_is_refused_and_spoils_nothing(
    agent: Door, approved: StepUp, change: dict[str, Any]
) -> None:
    assert_refused(agent, approved, code="action_mismatch", **change)
    assert state_of(approved) == "APPROVED"
    assert agent.claim(approved.answer, action=ACTION).status_code == 200


@pytest.mark.case("APR-02")
def test_the_same_action_in_another_spelling_is_the_same(agent: Door, approved: StepUp) -> None:
    spelt = json.dumps(ACTION, indent=3, sort_keys=True).replace("Q4 deck", "\\u00514 deck")
    body = f'{{"action": {spelt}, "action_digest": "{approved.answer["action_digest"]}"}}'
    assert agent.post(f"/api/v1/decisions/{approved.answer['decision_id']}/claim", body.encode()).status_code == 200


@pytest.mark.case("APR-03")
def test_values_that_only_look_alike_are_other_actions_and_the_claim_returns_ours(
    cast: Cast, agent: Door, session: str
) -> None:
    digests = set()
    for value in (1, "1", True, [1], {"1": 1}, None):
        step = asked(agent.decide(session, parameters={**MAIL, "copies": value}))
        digests.add(step.answer["request_digest"])
    assert len(digests) == 6
    step = asked(agent.decide(session, parameters={**MAIL, "copies": 1}))
    vote(step, cast.bob)
    for other in ("1", True, [1]):
        assert_refused(agent, step, code="action_mismatch", action=ACTION | {"parameters": {**MAIL, "copies": other}})
    # 1 and 1.0 are one number to RFC 8785; what comes back is what the server holds.
    reply = agent.claim(step.answer, action=ACTION | {"parameters": {**MAIL, "copies": 1.0}})
    assert b'"copies":1,' in reply.content
    assert reply.json()["parameters"] == {**MAIL, "copies": 1}


@pytest.mark.case("APR-04")
def test_an_approval_is_used_once(agent: Door, approved: StepUp) -> None:
    assert agent.claim(approved.answer, key="mine").status_code == 200
    before = row_counts()
    for key in ("", "another"):
        problem_of(agent.claim(approved.answer, key=key), status=409, code="already_consumed")
    assert row_counts() == before


def test_a_claim_whose_answer_was_lost_is_repeated_with_its_own_key_until_the_lease_ends(
    agent: Door, approved: StepUp, move_clock: MoveClock
) -> None:
    first = agent.claim(approved.answer, key="mine")
    before = row_counts()
    assert agent.claim(approved.answer, key="mine").content == first.content
    problem_of(agent.claim(approved.answer, key="mine", action=ACTION), status=422, code="idempotency_mismatch")
    move_clock(settings.AARM_CLAIM_LEASE_SECONDS + 1)
    problem_of(agent.claim(approved.answer, key="mine"), status=409, code="already_consumed")
    assert row_counts() == before


@pytest.mark.case("APR-06")
def test_another_agent_cannot_tell_an_approved_decision_from_none(
    agent: Door, host: Door, approved: StepUp, stranger: tuple[Door, Caller]
) -> None:
    door, _ = stranger
    before = row_counts()
    absent = {**approved.answer, "decision_id": "dec_00000000000000000000000000"}
    replies = [door.claim(approved.answer), door.claim(absent)]
    for reply in replies:
        problem_of(reply, status=404, code="not_found")
    assert len({json.dumps(reply.json() | {"request_id": ""}) for reply in replies}) == 1
    problem_of(host.claim(approved.answer), status=403, code="forbidden")
    assert row_counts() == before
    assert agent.claim(approved.answer).status_code == 200


def test_what_nobody_has_approved_is_not_claimed(cast: Cast, agent: Door, session: str) -> None:
    pending = asked(agent.decide(session))
    assert_refused(agent, pending, code="not_approved")
    agent.post(f"/api/v1/decisions/{pending.answer['decision_id']}/cancel")
    assert_refused(agent, pending, code="not_approved")
    allowed = agent.decide(session, parameters={"to": "bob@corp.example"}).json()
    problem_of(agent.claim(allowed), status=409, code="not_approved")


@pytest.mark.case("APR-12")
@pytest.mark.parametrize("loss", ["group", "role", "active"])
def test_a_reviewer_who_may_no_longer_decide_takes_their_approval_along(
    cast: Cast, agent: Door, approved: StepUp, loss: str
) -> None:
    if loss == "active":
        cast.bob.is_active = False
        cast.bob.save()
    else:
        name = {"group": "security-team", "role": "reviewer"}[loss]
        cast.bob.groups.remove(cast.bob.groups.get(name=name))
    assert_refused(agent, approved, code="not_approved", ended=1)
    anew = assert_asked_anew(agent, approved, why="not_approved")
    assert vote(anew, cast.carol).state == "APPROVED"
    assert agent.claim(anew.answer).json()["parameters"] == dict(MAIL)


@pytest.mark.case("APR-12", "APR-19")
def test_where_nobody_is_left_to_be_asked_anew_the_approval_is_taken_back(
    cast: Cast, agent: Door, approved: StepUp
) -> None:
    User.objects.update(is_active=False)
    assert_refused(agent, approved, code="not_approved", ended=1)
    now = agent.read(approved.answer)
    assert (state_of(approved), now["effective"], now["approval"]["state"]) == ("REVOKED", "DENY", "REVOKED")
    assert_refused(agent, approved, code="not_approved")


@pytest.mark.case("APR-15")
@pytest.mark.parametrize("loss", ["key", "key expired", "agent", "host", "session"])
def test_an_identity_that_no_longer_holds_claims_nothing(
    cast: Cast, host: Door, approved: StepUp, loss: str, move_clock: MoveClock
) -> None:
    # The agent comes back with another key of its own, so that it is the old identity that is looked at.
    door = Door(issue_key(owner=Agent.objects.get(pk=cast.agent.id), at=database_now()))
    asking = Credential.objects.filter(pk=cast.agent.key_id)
    if loss == "key":
        asking.update(revoked_at=database_now())
    elif loss == "key expired":
        asking.update(expires_at=database_now())
    elif loss == "agent":
        Agent.objects.filter(pk=cast.agent.id).update(is_active=False)
        problem_of(door.claim(approved.answer), status=401, code="unauthenticated")
        return
    elif loss == "host":
        Host.objects.filter(pk=cast.host.id).update(is_active=False)
    else:
        host.post(f"/api/v1/sessions/{approved.answer['session_id']}/end")
    assert_refused(door, approved, code="stale_identity", ended=1)
    assert (state_of(approved), door.read(approved.answer)["effective"]) == ("REVOKED", "DENY")


FORBIDS = """
policy: {id: demo, version: "2", default: DENY}
rules:
  - {id: no-mail, match: {tool: email.send}, action: DENY, reason: No more mail.}
"""
MORE_EYES = """
policy: {id: demo, version: "3", default: DENY}
rules:
  - {id: more-eyes, match: {tool: email.send}, action: STEP_UP, hold: 0, approvers: [{group: security-team, count: 2}]}
"""
REWRITES = """
policy: {id: demo, version: "4", default: DENY}
rules:
  - {id: hides, match: {tool: email.send, parameters: {subject: {matches: Q4}}}, action: MODIFY, priority: 2,
     modifications: {redact: [subject]}}
  - {id: asks, match: {tool: email.send}, action: STEP_UP, hold: 0, approvers: [security-team]}
"""


@pytest.mark.case("APR-16")
def test_what_a_newer_policy_forbids_is_not_claimed_and_stays_forbidden(agent: Door, approved: StepUp) -> None:
    publish_policy(text=FORBIDS, source="new.yaml", actor=None)
    assert_refused(agent, approved, code="policy_changed", ended=1)
    assert (state_of(approved), agent.read(approved.answer)["effective"]) == ("REVOKED", "DENY")
    publish("demo")
    assert_refused(agent, approved, code="not_approved")


@pytest.mark.case("APR-17")
def test_a_newer_policy_that_wants_more_eyes_asks_anew_and_shows_the_difference(
    cast: Cast, agent: Door, approved: StepUp
) -> None:
    publish_policy(text=MORE_EYES, source="new.yaml", actor=None)
    assert_refused(agent, approved, code="policy_changed", ended=1)
    anew = assert_asked_anew(agent, approved, why="policy_changed")
    browser = Door()
    browser.client.force_login(cast.bob)
    shown = browser.get(f"/api/v1/approvals/{anew.approval.pk}").json()
    changed = {change["path"] for change in shown["replaces"]["changes"]}
    assert (shown["replaces"]["id"], shown["quorum"]["needed"]) == (approved.approval.pk, 2)
    assert {"/route/stages", "/policy_hash", "/rule_id"} <= changed
    assert "/parameters/to" not in changed
    assert vote(anew, cast.bob).state == "PENDING"
    assert_refused(agent, anew, code="not_approved")
    assert vote(anew, cast.carol).state == "APPROVED"
    assert agent.claim(anew.answer).status_code == 200
    assert agent.read(anew.answer)["approval"] == agent.read(approved.answer)["approval"]


def test_parameters_that_a_newer_policy_changes_are_shown_approved_and_handed_out(
    cast: Cast, agent: Door, approved: StepUp
) -> None:
    publish_policy(text=REWRITES, source="new.yaml", actor=None)
    assert_refused(agent, approved, code="policy_changed", ended=1)
    anew = assert_asked_anew(agent, approved, why="policy_changed")
    assert anew.answer["action_digest"] != approved.answer["action_digest"]
    vote(anew, cast.bob)
    read = agent.read(approved.answer)
    assert read["parameters"] == {**MAIL, "subject": "[redacted]"}
    problem_of(agent.claim(approved.answer), status=409, code="action_mismatch")
    assert agent.claim(anew.answer).json()["parameters"] == read["parameters"]


def test_an_action_withdrawn_after_people_were_asked_anew_is_withdrawn(
    cast: Cast, agent: Door, approved: StepUp
) -> None:
    publish_policy(text=MORE_EYES, source="new.yaml", actor=None)
    assert_refused(agent, approved, code="policy_changed", ended=1)
    cancelled = agent.post(f"/api/v1/decisions/{approved.answer['decision_id']}/cancel").json()
    assert (cancelled["effective"], cancelled["approval"]["state"]) == ("DENY", "CANCELLED")


@pytest.mark.case("APR-44")
def test_an_approval_that_nobody_claims_expires_with_a_receipt(
    agent: Door, approved: StepUp, move_clock: MoveClock
) -> None:
    move_clock(settings.AARM_CLAIM_WINDOW_SECONDS - 60)
    assert agent.read(approved.answer)["effective"] == "ALLOW"
    move_clock(60)
    # No sweeper has run: whoever reads is told so by the clock.
    now = agent.read(approved.answer)
    assert (now["effective"], now["approval"]["state"]) == ("DENY", "EXPIRED")
    assert "parameters" not in now
    assert_refused(agent, approved, code="expired", status=410)


@pytest.mark.case("APR-44", "FLT-17")
def test_the_late_claim_is_refused_alike_after_the_sweeper_has_been(
    agent: Door, approved: StepUp, move_clock: MoveClock
) -> None:
    move_clock(settings.AARM_CLAIM_WINDOW_SECONDS)
    assert expire_due() == 1
    assert (state_of(approved), last_receipt(approved)) == ("EXPIRED", ("approval_terminal", "EXPIRED"))
    assert_refused(agent, approved, code="expired", status=410)
    assert expire_due() == 0


@pytest.mark.case("APR-28", "FLT-17")
def test_a_vote_after_the_deadline_is_refused_and_so_is_the_claim(
    cast: Cast, agent: Door, session: str, move_clock: MoveClock
) -> None:
    step = asked(agent.decide(session))
    browser = Door()
    browser.client.force_login(cast.bob)
    ballot = {"verdict": "approve", "view_digest": step.approval.view_digest, "version": step.approval.version}
    move_clock(24 * 3600)
    # Neither worker nor beat has run for a day.
    assert browser.get(f"/api/v1/approvals/{step.approval.pk}").json()["state"] == "EXPIRED"
    problem_of(browser.post(f"/api/v1/approvals/{step.approval.pk}/votes", ballot), status=409, code="expired")
    assert last_receipt(step) == ("approval_terminal", "EXPIRED")
    assert_refused(agent, step, code="expired", status=410)
    assert agent.read(step.answer)["effective"] == "DENY"


@pytest.mark.case("APR-10", "APR-12")
def test_a_state_that_was_written_past_the_votes_is_not_claimed(agent: Door, session: str) -> None:
    step = asked(agent.decide(session))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE approvals_approvalrequest SET state = 'APPROVED', claim_expires_at = now() + interval '1 hour' "
            "WHERE id = %s",
            [step.approval.pk],
        )
    assert_refused(agent, step, code="not_approved", ended=1)
    assert_asked_anew(agent, step, why="not_approved")


def test_cancelling_withdraws_what_waits_and_leaves_what_is_decided(
    cast: Cast, agent: Door, host: Door, session: str, approved: StepUp
) -> None:
    for door in (agent, host):
        step = asked(agent.decide(session))
        path = f"/api/v1/decisions/{step.answer['decision_id']}/cancel"
        answer = door.post(path).json()
        assert (answer["effective"], answer["approval"]["state"]) == ("DENY", "CANCELLED")
        assert last_receipt(step) == ("approval_terminal", "CANCELLED")
        before = row_counts()
        assert door.post(path).json() == answer
        assert row_counts() == before
    left = agent.post(f"/api/v1/decisions/{approved.answer['decision_id']}/cancel").json()
    assert (left["effective"], left["approval"]["state"]) == ("ALLOW", "APPROVED")
    assert agent.claim(approved.answer).status_code == 200
