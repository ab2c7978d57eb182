"""Agents that ask again: what was turned down is linked and then refused, what waits is asked once, floods end."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest
from decisions.models import Decision, Pause, Scope
from decisions.selectors import decision_answer
from decisions.services.breaker import break_circuit, sweep_denials
from decisions.services.cancellation import cancel_decision
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.pauses import resume_actions
from decisions.services.replay import reevaluate
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of
from receipts.services.erasure import Actor, Ground, erase_subject
from receipts.signing.statement import parse_statement
from tests.factories import MAIL, Cast, StepUp, begin_session, decide, make_cast, open_step_up, vote

SPELLED: dict[str, Any] = {"to": " ANA@Partner.example ", "subject": "Q4\u200b DECK", "body": "See the deck."}
SPLIT: dict[str, Any] = {"to": ["ana@partner.example"], "subject": "Q4", "subject2": "deck", "body": "See the deck."}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def ask(cast: Cast, session: str, parameters: Any = MAIL) -> dict[str, Any]:
    return decide(cast, session, "email.send", parameters=parameters)


def deny(cast: Cast, answer: dict[str, Any], reason: str = "Wrong domain.") -> None:
    step = StepUp(approval=ApprovalRequest.objects.get(pk=answer["approval"]["id"]), answer=answer)
    vote(step, cast.bob, verdict=Verdict.DENY, reason=reason)


def claim(cast: Cast, answer: dict[str, Any]) -> str:
    wanted = ClaimRequest(action_digest=str(answer["action_digest"]))
    try:
        claim_decision(caller=cast.agent, decision_id=str(answer["decision_id"]), wanted=wanted, key="")
    except ProblemError as problem:
        return problem.code
    return "ok"


@pytest.mark.case("APR-42")
@pytest.mark.parametrize("spelled", [MAIL, SPELLED, SPLIT])
def test_what_was_denied_is_linked_when_it_comes_again_in_another_spelling_and_then_refused(
    cast: Cast, client: Client, settings: LazySettings, spelled: Any
) -> None:
    settings.AARM_TURNED_DOWN_SECONDS = 86400
    first = ask(cast, begin_session(cast))
    deny(cast, first)
    session = begin_session(cast)
    again = ask(cast, session, spelled)
    request = ApprovalRequest.objects.get(pk=again["approval"]["id"])
    assert request.again_of == first["approval"]["id"]
    client.force_login(cast.bob)
    page = client.get(f"/a/{request.pk}").content.decode()
    assert page.index("The same was turned down before") < page.index("Wrong domain.") < page.index("asked</h2>")
    assert f"/a/{request.again_of}" in page
    assert "Turned down before" in client.get("/inbox").content.decode()
    deny(cast, again)
    refused = ask(cast, session, spelled)
    assert (refused["decision"], refused["reason_code"]) == ("DENY", "turned_down")
    assert request.pk in refused["reason"]
    replayed: Any = reevaluate(Decision.objects.get(pk=refused["decision_id"]))
    assert replayed.reason_code == "turned_down"
    other = ask(cast, session, {**MAIL, "to": "ana@elsewhere.example"})
    assert other["decision"] == "STEP_UP"
    assert not ApprovalRequest.objects.get(pk=other["approval"]["id"]).again_of


@pytest.mark.case("APR-43")
def test_what_is_withdrawn_to_be_asked_elsewhere_is_linked_and_then_refused(cast: Cast) -> None:
    session = begin_session(cast)
    decisions = []
    for _ in range(2):
        answer = ask(cast, session)
        cancel_decision(caller=cast.agent, decision_id=answer["decision_id"])
        decisions.append(answer)
    linked = ApprovalRequest.objects.get(pk=decisions[1]["approval"]["id"])
    said: Any = linked.shown["turned_down"]
    assert (linked.again_of, said[0]["state"]) == (decisions[0]["approval"]["id"], "CANCELLED")
    assert ask(cast, session)["reason_code"] == "turned_down"


def test_what_was_denied_for_one_human_may_be_asked_for_another_and_when_it_is_forgotten(
    cast: Cast, settings: LazySettings
) -> None:
    settings.AARM_TURNED_DOWN_LIMIT, settings.AARM_TURNED_DOWN_SECONDS = 1, 86400
    session = begin_session(cast)
    deny(cast, ask(cast, session))
    assert ask(cast, begin_session(cast))["decision"] == "DENY"
    assert ask(cast, begin_session(cast, human="eve@corp.example"))["decision"] == "STEP_UP"
    settings.AARM_TURNED_DOWN_SECONDS = 0
    assert ask(cast, begin_session(cast))["decision"] == "STEP_UP"
    assert ask(cast, session)["decision"] == "DENY"


def test_what_is_asked_again_while_it_waits_is_one_request_and_is_used_once(cast: Cast) -> None:
    session = begin_session(cast)
    first, second = ask(cast, session), ask(cast, session)
    assert first["approval"]["id"] == second["approval"]["id"]
    assert first["decision_id"] != second["decision_id"]
    assert first["action_digest"] == second["action_digest"]
    request = ApprovalRequest.objects.get(pk=first["approval"]["id"])
    assert request.repeats == 1
    receipt = parse_statement(envelope_of(Receipt.objects.get(pk=second["receipt"]["id"])).payload)
    assert receipt.body["approval"] == {"id": request.pk, "repeats": 1}
    vote(StepUp(approval=request, answer=first), cast.bob)
    assert claim(cast, second) == "ok"
    assert claim(cast, first) == "already_consumed"
    at = database_now()
    shown = {row.pk: decision_answer(row, at=at)["effective"] for row in Decision.objects.filter(session=session)}
    assert shown == {first["decision_id"]: "DENY", second["decision_id"]: "ALLOW"}


@pytest.mark.parametrize("other", [{**MAIL, "subject": "q4 deck"}, {**MAIL, "cc": ""}])
def test_what_differs_by_a_letter_is_another_request(cast: Cast, other: Any) -> None:
    session = begin_session(cast)
    assert ask(cast, session)["approval"]["id"] != ask(cast, session, other)["approval"]["id"]
    assert ask(cast, begin_session(cast))["approval"]["id"] != ask(cast, session)["approval"]["id"]


@pytest.mark.case("DEC-26")
def test_a_flood_is_denied_beyond_the_cap_of_its_session_and_of_its_agent(cast: Cast, settings: LazySettings) -> None:
    settings.AARM_WAITING_PER_SESSION, settings.AARM_WAITING_PER_AGENT = 3, 5
    session, other = begin_session(cast), begin_session(cast)
    flood = [ask(cast, session, {**MAIL, "subject": str(number)}) for number in range(6)]
    assert [answer["decision"] for answer in flood] == ["STEP_UP"] * 3 + ["DENY"] * 3
    assert flood[-1]["reason_code"] == "too_many_waiting"
    more = [ask(cast, other, {**MAIL, "subject": str(number)})["decision"] for number in range(3)]
    assert more == ["STEP_UP", "STEP_UP", "DENY"]
    deny(cast, flood[0])
    assert ask(cast, other, {**MAIL, "subject": "room again"})["decision"] == "STEP_UP"
    inside = {**MAIL, "to": "bob@corp.example"}
    assert ask(cast, session, inside)["decision"] == "ALLOW"


@pytest.mark.case("DEC-26")
def test_three_denials_in_a_row_stop_the_session_until_a_person_lets_it_go_on(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    session, other = begin_session(cast), begin_session(cast)
    asked = [ask(cast, session, {**MAIL, "subject": str(number)}) for number in range(5)]
    deny(cast, asked[0])
    vote(StepUp(approval=ApprovalRequest.objects.get(pk=asked[1]["approval"]["id"]), answer=asked[1]), cast.bob)
    with django_capture_on_commit_callbacks(execute=True):
        deny(cast, asked[2])
        deny(cast, asked[3])
    assert not Pause.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        deny(cast, asked[4])
    pause = Pause.objects.get()
    assert (pause.scope, pause.session_id, pause.paused_by) == (Scope.SESSION, session, None)
    inside = {**MAIL, "to": "bob@corp.example"}
    assert ask(cast, session, inside)["reason_code"] == "paused"
    assert ask(cast, other, inside)["decision"] == "ALLOW"
    resume_actions(pause.pk, actor=cast.trent)
    assert sweep_denials() == 0
    assert ask(cast, session, inside)["decision"] == "ALLOW"


def test_a_sweeper_stops_the_session_where_the_denying_process_could_not(cast: Cast, settings: LazySettings) -> None:
    settings.AARM_DENIALS_IN_A_ROW = settings.AARM_DENIALS_IN_SESSION = 3
    step = open_step_up(cast)
    vote(step, cast.bob, verdict=Verdict.DENY)
    assert sweep_denials() == 0
    settings.AARM_DENIALS_IN_SESSION = 1
    assert sweep_denials() == 1
    assert sweep_denials() == 0
    assert "in all" in Pause.objects.get().reason
    assert not break_circuit("session/ses_unknown")


def test_nothing_that_could_be_guessed_at_is_left_of_an_erased_person(cast: Cast) -> None:
    step = open_step_up(cast)
    vote(step, cast.bob, verdict=Verdict.DENY)
    assert ApprovalRequest.objects.get().likeness
    erase_subject(step.approval.snapshot.subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
    assert not ApprovalRequest.objects.get().likeness
