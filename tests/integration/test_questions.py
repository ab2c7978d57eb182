"""Questions before one decides: who may ask, who may answer, how much, and that neither moves anything."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient, Client

from approvals.lifecycle.questions import Asked
from approvals.models import Answer, ApprovalRequest, Question, User
from approvals.services.questions import answer_as_agent, answer_as_requester, ask_question
from decisions.models import Decision
from decisions.selectors import decision_answer
from decisions.waiting import WAITERS
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of
from receipts.services.erasure import Actor, Ground, erase_subject
from receipts.signing.statement import parse_statement
from tests.api.doors import Door, door_of
from tests.factories import ALICE, Cast, StepUp, make_agent, make_cast, make_person, open_step_up, vote
from tests.waiting import wait_until
from tests.web.reading import read, signed_in

HOSTILE = "<script>alert(1)</script> approve it\u202e now"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def step(cast: Cast) -> StepUp:
    return open_step_up(cast)


def ask(step: StepUp, person: User, *, to: Asked = Asked.AGENT, text: str = "Why her?") -> Question:
    return ask_question(approval_id=step.approval.pk, person=person, to=to, text=text)


def address_of(step: StepUp) -> str:
    return f"/api/v1/decisions/{step.answer['decision_id']}"


def row_of(step: StepUp) -> ApprovalRequest:
    return ApprovalRequest.objects.get(pk=step.approval.pk)


def answer_now(step: StepUp) -> dict[str, Any]:
    return decision_answer(Decision.objects.get(pk=step.answer["decision_id"]), at=database_now())


def refusal(step: StepUp, person: User, **what: Any) -> ProblemError:
    before = Question.objects.count()
    with pytest.raises(ProblemError) as problem:
        ask(step, person, **what)
    assert Question.objects.count() == before
    return problem.value


def test_an_agent_reads_its_questions_answers_once_and_nothing_is_decided_by_it(cast: Cast, step: StepUp) -> None:
    before = row_of(step)
    door, bob = Door(cast.agent_key), door_of(cast.bob)
    address, own = f"/api/v1/approvals/{step.approval.pk}", address_of(step)
    assert "questions" not in answer_now(step)
    asked = bob.post(f"{address}/questions", {"to": "agent", "question": "Why her?"})
    assert asked.status_code == 201
    (question,) = door.get(own).json()["questions"]
    assert question == {"id": question["id"], "text": "Why her?", "asked_at": question["asked_at"], "answered": False}
    said = {"question_id": question["id"], "answer": HOSTILE}
    answered = door.post(f"{own}/answers", said)
    assert (answered.status_code, answered.json()["effective"]) == (201, "PENDING")
    assert answered.json()["questions"] == [question | {"answered": True}]
    again = door.post(f"{own}/answers", said)
    assert (again.status_code, again.json()["code"]) == (409, "already_answered")
    (read_by_bob,) = bob.get(address).json()["questions"]
    assert (read_by_bob["by"], read_by_bob["answer"]) == ("bob", HOSTILE)
    after = row_of(step)
    names = ("state", "version", "view_digest", "expires_at", "closes_at")
    assert [getattr(after, name) for name in names] == [getattr(before, name) for name in names]
    assert vote(step, cast.bob).state in {"HELD", "APPROVED"}
    assert "questions" not in answer_now(step)


def test_an_agent_reads_and_answers_only_what_it_was_asked_itself(cast: Cast, step: StepUp) -> None:
    question = ask(step, cast.bob)
    human = ask(step, cast.bob, to=Asked.REQUESTER)
    other_key = make_agent("other-agent")[1]
    address, people = address_of(step), f"/api/v1/approvals/{step.approval.pk}"
    said = {"question_id": question.pk, "answer": "Because."}
    assert Door(other_key).get(address).status_code == 404
    assert Door(other_key).post(f"{address}/answers", said).status_code == 404
    assert Door(cast.host_key).post(f"{address}/answers", said).status_code == 403
    assert door_of(cast.bob).post(f"{address}/answers", said).status_code == 403
    own = Door(cast.agent_key)
    assert {own.get(people).status_code, own.post(f"{people}/questions", {}).status_code} == {403}
    assert [each["id"] for each in own.get(address).json()["questions"]] == [question.pk]
    assert own.post(f"{address}/answers", said | {"question_id": human.pk}).status_code == 404
    another = open_step_up(cast, parameters={"to": "cyd@partner.example"})
    assert own.post(f"{address_of(another)}/answers", said).status_code == 404
    assert not Answer.objects.exists()
    assert own.post(f"{address}/answers", said).status_code == 201


def test_what_asks_nobody_has_no_question_to_answer(cast: Cast) -> None:
    door = Door(cast.agent_key)
    allowed = door.decide(open_step_up(cast).answer["session_id"], "files.read").json()
    said = {"question_id": "qst_1", "answer": "Because."}
    assert door.post(f"/api/v1/decisions/{allowed['decision_id']}/answers", said).status_code == 404
    assert "questions" not in allowed


@pytest.mark.django_db(transaction=True)
def test_an_agent_that_waits_hears_of_a_question_and_of_each_only_once() -> None:
    cast = make_cast()
    step = open_step_up(cast)
    earlier = ask(step, cast.bob)

    async def conversation() -> list[Any]:
        key = {"Authorization": f"Bearer {cast.agent_key}"}
        waiting = asyncio.create_task(AsyncClient().get(f"{address_of(step)}?wait=60", headers=key))
        await asyncio.to_thread(wait_until, lambda: WAITERS.is_anybody_waiting, "the agent waits")
        assert not waiting.done()
        await sync_to_async(ask)(step, cast.bob, text="And why now?")
        return list((await asyncio.wait_for(waiting, 30)).json()["questions"])

    told = async_to_sync(conversation)()
    assert [each["text"] for each in told] == ["Why her?", "And why now?"]
    assert told[0]["id"] == earlier.pk


def test_only_who_may_decide_asks_and_only_while_it_is_open(cast: Cast, step: StepUp) -> None:
    alice = make_person("alice", teams=("security-team",), email=ALICE)
    assert refusal(step, cast.mallory).code == "not_eligible"
    assert refusal(step, alice).code == "self_approval"
    question = ask(step, cast.bob)
    ApprovalRequest.objects.filter(pk=step.approval.pk).update(expires_at=database_now())
    with pytest.raises(ProblemError) as problem:
        answer_as_agent(caller=cast.agent, approval_id=step.approval.pk, question_id=question.pk, text="Late.")
    assert problem.value.code == "expired"
    assert row_of(step).state == "EXPIRED"
    assert refusal(step, cast.bob).code == "expired"


def test_so_many_questions_wait_and_so_many_are_answered_and_no_more(cast: Cast, step: StepUp) -> None:
    for number in range(20):
        question = ask(step, cast.bob, text=f"{number}?")
        answer_as_agent(caller=cast.agent, approval_id=step.approval.pk, question_id=question.pk, text=str(number))
    assert "answered already" in refusal(step, cast.bob).why
    other = open_step_up(cast, parameters={"to": "cyd@partner.example"})
    for _ in range(5):
        ask(other, cast.bob)
    assert "wait for an answer" in refusal(other, cast.carol).why


def test_what_nobody_asked_for_has_no_requester_to_ask(cast: Cast, step: StepUp) -> None:
    ApprovalRequest.objects.filter(pk=step.approval.pk).update(requester="")
    assert refusal(step, cast.bob, to=Asked.REQUESTER).code == "cannot_ask"


def test_the_human_answers_on_a_page_of_their_own_and_nobody_elses(cast: Cast, step: StepUp) -> None:
    question = ask(step, cast.bob, to=Asked.REQUESTER, text=f"Did you ask for this? {HOSTILE}")
    alice = signed_in(make_person("alice", roles=(), email=ALICE))
    page = read(alice.get("/asked"))
    assert "Did you ask for this?" in page.text
    assert "RIGHT-TO-LEFT OVERRIDE" in page.text
    assert not [item for item in page.tagged("script") if "alert" in item.text]
    assert "Nobody asks you anything." in read(signed_in(cast.mallory).get("/asked")).text
    assert signed_in(cast.mallory).post(f"/asked/{question.pk}", {"answer": "Yes."}).status_code == 404
    assert alice.post(f"/asked/{question.pk}", {"answer": ""}).status_code == 400
    assert alice.post(f"/asked/{question.pk}", {"answer": "Yes."}).status_code == 303
    assert alice.post(f"/asked/{question.pk}", {"answer": "No."}).status_code == 404
    assert "Nobody asks you anything." in read(alice.get("/asked")).text
    assert "unverified" in read(signed_in(cast.bob).get(step.path)).by_id("questions").text
    with pytest.raises(ProblemError) as problem:
        answer_as_requester(person=cast.carol, question_id=question.pk, text="Yes.")
    assert problem.value.code == "not_found"


def test_a_reviewer_asks_by_a_form_and_reads_the_answer_as_hostile_text(cast: Cast, step: StepUp) -> None:
    bob = signed_in(cast.bob)
    empty = bob.post(f"/a/{step.approval.pk}/ask", {"to": "agent", "question": ""})
    assert empty.status_code == 400
    refused = bob.post(f"/a/{step.approval.pk}/ask", {"to": "somebody", "question": "Why her?"})
    assert "Why her?" in read(refused).by_id("ask-question").text
    assert bob.post(f"/a/{step.approval.pk}/ask", {"to": "agent", "question": "Why her?"}).status_code == 303
    question = Question.objects.get()
    answer_as_agent(caller=cast.agent, approval_id=step.approval.pk, question_id=question.pk, text=HOSTILE)
    page = _thread(bob, step)
    assert "Why her?" in page.text
    assert "Answer from the agent, unverified" in page.text
    assert "RIGHT-TO-LEFT OVERRIDE" in page.text
    assert not page.tagged("script")
    victor = read(signed_in(cast.victor).get(step.path))
    assert not victor.all(lambda item: item.attributes.get("id") == "ask")


def _thread(browser: Client, step: StepUp) -> Any:
    return read(browser.get(step.path)).by_id("questions")


def test_questions_and_answers_are_on_the_record_and_their_words_can_be_erased(cast: Cast, step: StepUp) -> None:
    question = ask(step, cast.bob, text="Why her?")
    answer_as_agent(caller=cast.agent, approval_id=step.approval.pk, question_id=question.pk, text="Because.")
    receipts = Receipt.objects.filter(approval_id=step.approval.pk, type="administration").order_by("position")
    bodies: list[Any] = [parse_statement(envelope_of(row).payload).body for row in receipts]
    assert [(body["administration"]["kind"], body["actor"]) for body in bodies] == [
        ("approvals.question", {"person": cast.bob.person_id}),
        ("approvals.answer", {"agent": cast.agent.id}),
    ]
    assert [list(body["commitments"]) for body in bodies] == [["question"], ["answer"]]
    human = row_of(step).snapshot.subject
    erase_subject(human, actor=Actor(person=cast.trent.person_id), ground=Ground.OBJECTION)
    (told,) = door_of(cast.bob).get(f"/api/v1/approvals/{step.approval.pk}").json()["questions"]
    assert (told["question"], told["answer"]) == ("Why her?", "")
