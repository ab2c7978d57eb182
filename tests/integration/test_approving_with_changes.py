"""Approving with changes: only what the rule lists, judged again, with a digest of its own, shown before it counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, User
from approvals.selectors import current_tally
from approvals.services.changes import Edit, approve_with_changes, change_request
from decisions.models import Decision
from decisions.selectors import decision_answer
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.policies import publish_policy
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of
from receipts.signing.statement import parse_statement
from tests.factories import Cast, StepUp, ballot_of, begin_session, make_cast, open_step_up, vote

RULES = """
policy: {id: changes, version: "%s"}
tools:
  - tool: mail.send
    parameters: {properties: {to: {type: string, maxLength: 30}, copies: {type: integer, maximum: 9}}}
rules:
  - {id: asks, match: {tool: mail.send}, action: STEP_UP, risk_level: %s, hold: 0, timeout: 600,
     approvers: [{group: security-team, count: 2}], editable: [to, copies]}
  - {id: inside, match: {tool: mail.send, parameters: {to: {ends_with: "@corp.example"}}}, action: ALLOW, priority: 20}
  - {id: never, match: {tool: mail.send, parameters: {to: {ends_with: "@evil.example"}}}, action: DENY, priority: 30}
  - {id: few, match: {tool: mail.send, parameters: {copies: {gt: 5}}}, action: MODIFY, priority: 25,
     modifications: {cap: {copies: 5}}}
"""
ASKED: dict[str, Any] = {"to": "ana@partner.example", "subject": "Q4", "copies": 1}


@pytest.fixture
def cast(db: None) -> Cast:
    made = make_cast()
    publish("1")
    return made


def publish(version: str, risk: str = "MEDIUM") -> None:
    publish_policy(text=RULES % (version, risk), source="changes.yaml", actor=None)


def ask(cast: Cast) -> StepUp:
    return open_step_up(cast, name="mail.send", parameters=ASKED, session_id=begin_session(cast))


def edit_of(step: StepUp, **changes: Any) -> Edit:
    row = ApprovalRequest.objects.get(pk=step.approval.pk)
    return Edit({f"/{name}": value for name, value in changes.items()}, row.view_digest, row.version)


def change(step: StepUp, person: User, **changes: Any) -> StepUp:
    row = change_request(approval_id=step.approval.pk, person=person, edit=edit_of(step, **changes))
    return StepUp(approval=row, answer=step.answer)


def refusal(step: StepUp, person: User, **changes: Any) -> ProblemError:
    with pytest.raises(ProblemError) as problem:
        change(step, person, **changes)
    assert ApprovalRequest.objects.get(pk=step.approval.pk).state == "PENDING"
    return problem.value


def answer_now(step: StepUp) -> dict[str, Any]:
    return decision_answer(Decision.objects.get(pk=step.answer["decision_id"]), at=database_now())


def claim(cast: Cast, step: StepUp, *, digest: str) -> dict[str, Any]:
    wanted = ClaimRequest(action_digest=digest)
    answer = claim_decision(caller=cast.agent, decision_id=str(step.answer["decision_id"]), wanted=wanted, key="")
    found: dict[str, Any] = json.loads(answer.content)
    return found


@pytest.mark.case("APR-33")
def test_what_was_changed_is_shown_approved_anew_and_is_all_that_runs(cast: Cast) -> None:
    step = ask(cast)
    vote(step, cast.carol)
    changed = change(step, cast.bob, to="ben@partner.example")
    old = ApprovalRequest.objects.get(pk=step.approval.pk)
    assert (old.state, old.replacement_id, old.resolution) == ("SUPERSEDED", changed.approval.pk, "changed_by_reviewer")
    assert changed.approval.expires_at == old.expires_at
    assert changed.approval.action_digest != old.action_digest
    assert current_tally(changed.approval).given == 0
    waiting = answer_now(step)
    assert (waiting["effective"], waiting["approval"]["id"]) == ("PENDING", changed.approval.pk)
    vote(changed, cast.bob)
    vote(changed, cast.carol)
    allowed = answer_now(step)
    final = {**ASKED, "to": "ben@partner.example"}
    assert (allowed["effective"], allowed["parameters"]) == ("ALLOW", final)
    told = {"path": "/to", "from": "ana@partner.example", "to": "ben@partner.example", "by": "reviewer"}
    assert allowed["modifications"] == [told]
    with pytest.raises(ProblemError, match="not the action"):
        claim(cast, step, digest=str(step.answer["action_digest"]))
    assert claim(cast, step, digest=allowed["action_digest"])["parameters"] == final


def test_the_receipt_of_what_was_replaced_names_who_changed_it(cast: Cast) -> None:
    step = ask(cast)
    changed = change(step, cast.bob, copies=2)
    bodies = [
        parse_statement(envelope_of(row).payload).body for row in Receipt.objects.filter(type="approval_terminal")
    ]
    assert [body["outcome"] for body in bodies] == [
        {
            "status": "SUPERSEDED",
            "why": "changed_by_reviewer",
            "replacement": changed.approval.pk,
            "by": cast.bob.person_id,
        }
    ]


@pytest.mark.case("APR-46")
def test_policy_judges_the_changed_action_again(cast: Cast) -> None:
    step = ask(cast)
    assert refusal(step, cast.bob, to="eve@evil.example").code == "cannot_change"
    more = change(step, cast.bob, copies=8)
    assert more.approval.shown["parameters"] == {**ASKED, "copies": 5}
    inside = change(more, cast.carol, to="ben@corp.example")
    assert inside.approval.state == "PENDING"
    assert (inside.approval.risk_level, current_tally(inside.approval).needed) == ("MEDIUM", 2)


def test_only_what_the_rule_lists_may_be_changed_in_the_types_of_the_tool(cast: Cast) -> None:
    step = ask(cast)
    assert "nobody change" in refusal(step, cast.bob, subject="Q3").why
    assert "is a number" in refusal(step, cast.bob, copies="2").why
    assert "schema" in refusal(step, cast.bob, copies=1.5).why
    assert "schema" in refusal(step, cast.bob, to="x" * 31).why
    assert "Nothing" in refusal(step, cast.bob, copies=1).why
    assert refusal(step, cast.mallory, copies=2).code == "not_eligible"
    stale = edit_of(step, copies=2)
    change(step, cast.bob, copies=3)
    with pytest.raises(ProblemError) as problem:
        change_request(approval_id=step.approval.pk, person=cast.carol, edit=stale)
    assert problem.value.code == "already_resolved"


def test_who_changes_and_approves_at_once_approves_exactly_that(cast: Cast) -> None:
    step = ask(cast)
    ballot = ballot_of(step, cast.bob)
    with pytest.raises(ProblemError, match="further"):
        approve_with_changes(approval_id=step.approval.pk, person=cast.bob, edit=edit_of(step, copies=8), ballot=ballot)
    assert ApprovalRequest.objects.get().state == "PENDING"
    row = approve_with_changes(
        approval_id=step.approval.pk, person=cast.bob, edit=edit_of(step, copies=2), ballot=ballot
    )
    assert current_tally(row).given == 1
    assert row.votes.get().view_digest == row.view_digest != step.approval.view_digest


def test_what_was_critical_still_takes_a_passkey_of_the_new_digest(cast: Cast) -> None:
    publish("2", "CRITICAL")
    step = ask(cast)
    with pytest.raises(ProblemError):
        approve_with_changes(
            approval_id=step.approval.pk,
            person=cast.bob,
            edit=edit_of(step, to="ben@corp.example"),
            ballot=ballot_of(step, cast.bob),
        )
    inside = change(step, cast.bob, to="ben@corp.example")
    assert inside.approval.risk_level == "CRITICAL"
    vote(inside, cast.bob)
    assert current_tally(inside.approval).given == 1


def test_a_policy_that_forbids_what_was_changed_takes_it_back_at_the_claim(cast: Cast) -> None:
    step = ask(cast)
    changed = change(step, cast.bob, to="ben@partner.example")
    vote(changed, cast.bob)
    vote(changed, cast.carol)
    forbids = RULES.replace("@evil.example", "ben@partner.example")
    publish_policy(text=forbids % ("3", "MEDIUM"), source="changes.yaml", actor=None)
    with pytest.raises(ProblemError) as problem:
        claim(cast, step, digest=changed.approval.action_digest)
    assert problem.value.code == "policy_changed"
    assert ApprovalRequest.objects.get(pk=changed.approval.pk).state == "REVOKED"


def test_a_denial_of_what_was_changed_denies_the_action(cast: Cast) -> None:
    step = ask(cast)
    vote(change(step, cast.bob, copies=2), cast.carol, verdict=Verdict.DENY)
    assert answer_now(step)["effective"] == "DENY"
