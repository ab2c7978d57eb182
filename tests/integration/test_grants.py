"""Grants: so many more actions like the one that was approved, within bounds and a time, and not one more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals.lifecycle.grants import Bound, Terms, Within
from approvals.lifecycle.quorum import Verdict
from approvals.models import AdminChange, ApprovalRequest, Grant, User
from approvals.selectors.answered import answers_in
from approvals.services.granting import Joined, Wish, revoke_grant
from approvals.services.votes import cast_vote
from decisions.models import Agent, Decision, Scope
from decisions.selectors import decision_answer
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.identity import authenticate, issue_key
from decisions.services.pauses import pause_actions, resume_actions, target_named
from decisions.services.policies import publish_policy
from receipts.clock import database_now
from receipts.models import Payload, Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of
from receipts.signing.statement import parse_statement
from tests.factories import Cast, StepUp, ballot_of, begin_session, decide, make_cast, open_step_up, vote

RULES = """
policy: {id: grants, version: "%s"}
rules:
  - {id: mail, match: {tool: mail.send}, action: STEP_UP, risk_level: MEDIUM, hold: 0, approvers: [security-team]}
  - {id: pay, match: {tool: money.pay}, action: STEP_UP, risk_level: HIGH, hold: 0,
     approvers: [{group: security-team, count: %s}]}
  - {id: wipe, match: {tool: disk.wipe}, action: STEP_UP, risk_level: CRITICAL, hold: 0, approvers: [security-team]}
"""
ASKED: dict[str, Any] = {"to": "ana@partner.example", "subject": "Q4", "copies": 1}
WIDE = Terms(
    uses=3,
    minutes=60,
    bounds={
        "to": Bound(Within.EMAIL_DOMAIN),
        "subject": Bound(Within.ANY_TEXT),
        "copies": Bound(Within.AT_MOST, 5),
    },
)


@pytest.fixture
def cast(db: None) -> Cast:
    made = make_cast()
    publish("1")
    return made


def publish(version: str, *, count: int = 2) -> None:
    publish_policy(text=RULES % (version, count), source="grants.yaml", actor=None)


def grant(step: StepUp, person: User, *, wish: Wish = WIDE) -> ApprovalRequest:
    ballot = replace(ballot_of(step, person), grant=wish)
    return cast_vote(approval_id=step.approval.pk, person=person, ballot=ballot)


def granted(cast: Cast, *, terms: Terms = WIDE) -> str:
    session = begin_session(cast)
    grant(open_step_up(cast, name="mail.send", parameters=ASKED, session_id=session), cast.bob, wish=terms)
    return session


def ask(cast: Cast, session: str, **changes: Any) -> dict[str, Any]:
    return decide(cast, session, "mail.send", parameters=ASKED | changes)


def claim(cast: Cast, answer: dict[str, Any]) -> dict[str, Any]:
    wanted = ClaimRequest(action_digest=answer["action_digest"])
    reply = claim_decision(caller=cast.agent, decision_id=answer["decision_id"], wanted=wanted, key="")
    found: dict[str, Any] = json.loads(reply.content)
    return found


def why_not(answer: dict[str, Any]) -> str:
    assert answer["effective"] == "PENDING"
    said = ApprovalRequest.objects.get(pk=answer["approval"]["id"]).shown["not_granted"]
    assert isinstance(said, list)
    return str(said[0]["why"])


@pytest.mark.case("APR-34")
def test_what_lies_within_a_grant_is_approved_at_once_so_often_and_no_more(cast: Cast) -> None:
    session = granted(cast)
    for number in range(3):
        answer = ask(cast, session, to=f"p{number}@partner.example", subject=f"Note {number}", copies=number)
        assert (answer["decision"], answer["effective"]) == ("STEP_UP", "ALLOW")
        row = ApprovalRequest.objects.get(pk=answer["approval"]["id"])
        assert (row.state, row.resolution, row.grant_use) == ("APPROVED", "approved_by_grant", number + 1)
        assert claim(cast, answer)["parameters"]["copies"] == number
    assert "as often as it may be" in why_not(ask(cast, session, copies=4))
    assert Grant.objects.get().left == 0


@pytest.mark.case("APR-34")
@pytest.mark.parametrize(
    "changes",
    [
        {"to": "ana@partner.example.evil.example"},
        {"to": "ana@partner.example, eve@evil.example"},
        {"to": ["ana@partner.example"]},
        {"to": "ana@PARTNER.example\n"},
        {"copies": 6},
        {"copies": -1},
        {"copies": True},
        {"copies": "1"},
        {"subject": "x" * 2001},
        {"subject": None},
        {"bcc": "eve@evil.example"},
    ],
)
def test_what_lies_outside_the_bounds_is_asked_and_its_page_says_why(cast: Cast, changes: dict[str, Any]) -> None:
    session = granted(cast)
    answer = ask(cast, session, **changes)
    assert "outside" in why_not(answer)
    said: Any = ApprovalRequest.objects.get(pk=answer["approval"]["id"]).shown["not_granted"]
    assert said[0]["parameters"] == list(changes)
    assert Grant.objects.get().used == 0
    assert ask(cast, session, to="ben@partner.example")["effective"] == "ALLOW"


def expire_policy(cast: Cast, session: str) -> None:
    publish("2")


def revoke(cast: Cast, session: str) -> None:
    revoke_grant(grant_id=Grant.objects.get().pk, person=cast.carol)


def lose_role(cast: Cast, session: str) -> None:
    cast.bob.groups.clear()


def deactivate(cast: Cast, session: str) -> None:
    cast.bob.is_active = False
    cast.bob.save()


def end_time(cast: Cast, session: str) -> None:
    row = Grant.objects.get()
    Grant.objects.update(granted_at=row.granted_at - timedelta(hours=2), expires_at=row.expires_at - timedelta(hours=1))


def pause_for_a_while(cast: Cast, session: str) -> None:
    pause = pause_actions(target_named(Scope.SESSION, name=session), reason="Odd.", actor=cast.trent)
    resume_actions(pause.pk, actor=cast.trent)


def rotate(cast: Cast, session: str) -> None:
    # Another key of the same agent: whoever has it is not known to be who asked before.
    key = issue_key(owner=Agent.objects.get(pk=cast.agent.id), at=database_now())
    object.__setattr__(cast, "agent", authenticate(key))


def erase(cast: Cast, session: str) -> None:
    Payload.objects.filter(pk=Grant.objects.get().request.snapshot_id).update(content=None)


@pytest.mark.case("APR-34")
@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (expire_policy, "Another policy"),
        (revoke, "taken back"),
        (lose_role, "may still decide"),
        (deactivate, "may still decide"),
        (end_time, "time is over"),
        (pause_for_a_while, "have stopped"),
        (rotate, "Somebody else acts"),
        (erase, "erased"),
    ],
)
def test_what_a_grant_rests_on_is_looked_up_when_it_is_used(
    cast: Cast, happens: Callable[[Cast, str], None], says: str
) -> None:
    session = granted(cast)
    assert ask(cast, session, copies=2)["effective"] == "ALLOW"
    happens(cast, session)
    assert says in why_not(ask(cast, session, copies=3))
    assert Grant.objects.get().used == 1


def test_another_session_is_not_covered(cast: Cast) -> None:
    granted(cast)
    answer = ask(cast, begin_session(cast))
    assert answer["effective"] == "PENDING"
    assert "not_granted" not in ApprovalRequest.objects.get(pk=answer["approval"]["id"]).shown


def test_what_a_grant_has_approved_is_refused_at_the_claim_once_it_is_revoked(cast: Cast) -> None:
    session = granted(cast)
    kept, taken = ask(cast, session, copies=2), ask(cast, session, copies=3)
    assert claim(cast, taken)["parameters"]["copies"] == 3
    revoke(cast, session)
    with pytest.raises(ProblemError) as problem:
        claim(cast, kept)
    assert problem.value.code == "not_approved"
    now = decision_answer(Decision.objects.get(pk=kept["decision_id"]), at=database_now())
    assert (now["effective"], now["approval"]["state"]) == ("PENDING", "PENDING")


def test_nothing_is_granted_while_the_approval_may_still_be_undone(cast: Cast) -> None:
    publish_policy(text=(RULES % ("9", 2)).replace("hold: 0", "hold: 30"), source="held.yaml", actor=None)
    session = granted(cast)
    held = ApprovalRequest.objects.get()
    assert held.state == "HELD"
    answer = ask(cast, session, copies=2)
    assert "not in force yet" in why_not(answer)
    vote(StepUp(approval=held, answer={}), cast.bob, verdict=Verdict.WITHDRAW)
    assert "not in force" in why_not(ask(cast, session, copies=3))


@pytest.mark.case("APR-34")
def test_at_high_risk_two_people_grant_together_and_at_critical_nobody(cast: Cast) -> None:
    session = begin_session(cast)
    parameters: dict[str, Any] = {"account": "DE1", "amount": 10}
    terms = Terms(uses=2, minutes=10, bounds={"amount": Bound(Within.AT_MOST, 10)})
    once = open_step_up(cast, name="money.pay", parameters=parameters, session_id=session)
    grant(once, cast.bob, wish=terms)
    vote(once, cast.carol)
    lonely = decide(cast, session, "money.pay", parameters=parameters | {"amount": 9})
    assert "Too few" in why_not(lonely)
    both = open_step_up(cast, name="money.pay", parameters=parameters | {"amount": 8}, session_id=session)
    first = grant(both, cast.bob, wish=terms)
    with pytest.raises(ProblemError, match="proposes a grant"):
        grant(both, cast.carol, wish=terms)
    grant(both, cast.carol, wish=Joined(first.grants.get().pk))
    assert decide(cast, session, "money.pay", parameters=parameters | {"amount": 7})["effective"] == "ALLOW"
    publish("2", count=1)
    alone = open_step_up(cast, name="money.pay", parameters=parameters, session_id=session)
    with pytest.raises(ProblemError, match="takes 2 people"):
        grant(alone, cast.bob, wish=terms)
    critical = open_step_up(cast, name="disk.wipe", parameters={"disk": "sda"}, session_id=session)
    with pytest.raises(ProblemError, match="CRITICAL"):
        grant(critical, cast.bob, wish=Terms(uses=1, minutes=1))
    ballot = replace(ballot_of(alone, cast.bob, verdict=Verdict.DENY), grant=terms)
    with pytest.raises(ProblemError, match="Only who approves"):
        cast_vote(approval_id=alone.approval.pk, person=cast.bob, ballot=ballot)
    assert ApprovalRequest.objects.get(pk=alone.approval.pk).state == "PENDING"


def test_what_was_granted_used_and_revoked_is_on_the_record_without_values(cast: Cast) -> None:
    session = granted(cast)
    answer = ask(cast, session, to="ben@partner.example")
    revoke(cast, session)
    found = Grant.objects.get()
    bodies: list[Any] = [
        parse_statement(envelope_of(row).payload).body for row in Receipt.objects.order_by("issued_at", "id")
    ]
    (voted,) = (body for body in bodies if "grant" in body.get("vote", {}))
    assert (voted["vote"]["grant"]["id"], voted["vote"]["grant"]["uses"]) == (found.pk, 3)
    assert "grant" in voted["commitments"]
    ended = [body["outcome"] for body in bodies if "grant" in body.get("outcome", {})]
    why = {"status": "APPROVED", "why": "approved_by_grant", "grant": {"id": found.pk, "use": 1}}
    assert ended == [why]
    told = [body["administration"] for body in bodies if body.get("administration", {}).get("object") == found.pk]
    assert [(each["what"], each["fields"]) for each in told] == [("changed", ["revoked_at"])]
    stream = Receipt.objects.filter(stream=f"session/{session}", decision_id=answer["decision_id"]).order_by("position")
    assert list(stream.values_list("type", flat=True)) == ["decision", "approval_terminal"]


def test_only_who_may_see_the_request_revokes_and_once_more_changes_nothing(cast: Cast) -> None:
    granted(cast)
    found = Grant.objects.get()
    with pytest.raises(ProblemError) as problem:
        revoke_grant(grant_id=found.pk, person=cast.mallory)
    assert problem.value.code == "not_found"
    first = revoke_grant(grant_id=found.pk, person=cast.carol)
    again = revoke_grant(grant_id=found.pk, person=cast.bob)
    assert (again.revoked_at, again.revoked_by) == (first.revoked_at, cast.carol)
    assert AdminChange.objects.filter(object_id=found.pk).count() == 1


def test_answers_of_grants_are_no_answers_of_people(cast: Cast) -> None:
    session = granted(cast)
    ask(cast, session, copies=2)
    assert answers_in(f"session/{session}", since=None) == ["APPROVED"]
