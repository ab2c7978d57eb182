"""What waits for one session in one process is decided in one turn, each as if it had come by itself (ADR 22)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from approvals.models import ApprovalRequest
from decisions.intake.bodies import DecideBody
from decisions.models import Agent, ContextEntry, Decision, IdempotentAnswer, Scope, Session
from decisions.selectors import decision_answer
from decisions.selectors.integrity import BEGINNING, follow_session
from decisions.services import submission, turns
from decisions.services.pauses import Target, pause_actions
from decisions.services.policies import publish_policy
from decisions.services.sessions import locked_with_chain
from decisions.services.submission import submit_action
from receipts import durability
from receipts.access import Caller
from receipts.clock import database_now
from receipts.models import PublishedKey, Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of, published_jwks
from receipts.selectors.accounting import accounts
from receipts.signing.keys import KeySet
from receipts.signing.verify import verify_chain
from tests.factories import Cast, begin_session, decide, make_cast
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

POLICY = """
policy: {id: shared, version: "1"}
rules:
  - {id: reads, match: {tool: files.read}, action: ALLOW}
  - {id: masks, match: {tool: mail.send}, action: MODIFY, modifications: {replace: {footer: "Sent by an agent."}}}
  - {id: asks, match: {tool: database.drop}, action: STEP_UP, approvers: [security-team]}
  - id: three-pays
    match: {tool: payments.pay}
    constraints: {budget: {sum: parameters.amount, max: 3, window: 1d, per: agent}}
    action: DENY
    priority: 5
  - {id: pays, match: {tool: payments.pay}, action: ALLOW}
"""
# Whoever waits for a row has its place in the queue for it.
WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'tuple' AND datname = current_database()
"""
Asked = tuple[str, Mapping[str, Any]]


@pytest.fixture
def cast() -> Cast:
    assert connection.vendor == "postgresql", "SQLite has no lock of one row to wait for."
    cast = make_cast()
    publish_policy(text=POLICY, source="shared.yaml", actor=None)
    return cast


@pytest.fixture
def session(cast: Cast) -> str:
    """A session that has decided something before, and so has a chain of receipts."""
    session = begin_session(cast)
    assert decide(cast, session, "files.read", parameters={})["effective"] == "ALLOW"
    return session


def ask(caller: Caller, session: str, asked: Asked, *, key: str = "", **more: Any) -> dict[str, Any]:
    """What one thread is answered; a problem by its code."""
    tool, _, operation = asked[0].rpartition(".")
    body = {"session_id": session, "tool": tool, "operation": operation, "parameters": dict(asked[1]), **more}
    try:
        answer = submit_action(caller=caller, body=DecideBody.model_validate(body), key=key)
        return {"status": answer.status, **json.loads(answer.content)}
    except ProblemError as problem:
        return {"code": problem.code}
    finally:
        connections.close_all()


def behind(cast: Cast, session: str) -> int:
    """How many wait behind the turn that is under way."""
    return len(submission._TURNS._queues.get((cast.agent.kind, cast.agent.id, session), ()))


@contextmanager
def held_up(cast: Cast, session: str) -> Iterator[Callable[..., Future[dict[str, Any]]]]:
    """Somebody has the session's row: the first who asks waits for it, all others for the first. Then they go."""
    asked: list[Future[dict[str, Any]]] = []

    def come(*parts: Any, **more: Any) -> Future[dict[str, Any]]:
        asked.append(pool.submit(ask, cast.agent, session, *parts, **more))
        wait_until(lambda: _waits_for_row() and behind(cast, session) == len(asked) - 1, f"{len(asked)} wait")
        return asked[-1]

    with ThreadPoolExecutor(12) as pool, transaction.atomic():
        Session.objects.select_for_update(no_key=True).get(pk=session)
        yield come


def _waits_for_row() -> int:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])


def answers_to(cast: Cast, session: str, asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """The answers to all of these, which wait for one turn."""
    with held_up(cast, session) as come:
        futures = [come(each) for each in asked]
    return [each.result(60) for each in futures]


def assert_sound(session: str, *, decided: int) -> None:
    """One entry, one receipt and one place for each decision, in chains that hold; and every count is right."""
    row = Session.objects.get(pk=session)
    entries = ContextEntry.objects.filter(session=session, kind="action").order_by("position")
    assert [each.position for each in entries] == list(range(2, decided + 2))
    assert follow_session(row, after=BEGINNING, most=100).end.position == row.length == decided + 1
    assert not follow_session(row, after=BEGINNING, most=100).fault
    assert row.state["count"] == decided
    receipts = Receipt.objects.filter(stream=f"session/{session}").order_by("position")
    verify_chain([envelope_of(each) for each in receipts], keys=KeySet.from_jwks(published_jwks()))
    decisions = Decision.objects.filter(session=session)
    assert Counter(each.receipt_id for each in decisions).most_common(1)[0][1] == 1
    assert sorted(decisions.values_list("position", flat=True)) == [each.position for each in entries]
    assert all(account.is_even for account in accounts())


def turns_of(session: str) -> list[int]:
    """How many decisions each turn made, in order: those of one turn have the time at which its lock came."""
    times = Decision.objects.filter(session=session).order_by("position").values_list("decided_at", flat=True)
    return [*Counter(times).values()]


@pytest.mark.case("CTX-05")
def test_ten_that_wait_are_decided_in_one_turn_and_nothing_forks(cast: Cast, session: str) -> None:
    answers = answers_to(cast, session, [("files.read", {"path": f"/{number}"}) for number in range(10)])
    assert [answer["effective"] for answer in answers] == ["ALLOW"] * 10
    assert len({answer["action_digest"] for answer in answers}) == 10
    assert turns_of(session) == [1, 10]
    assert_sound(session, decided=11)


def test_each_gets_the_answer_to_its_own_action(cast: Cast, session: str) -> None:
    asked: list[Asked] = [("files.read", {}), ("mail.send", {"body": "Hello"}), ("files.write", {}), ("files.read", {})]
    answers = answers_to(cast, session, [("files.read", {}), *asked])[1:]
    assert [answer["decision"] for answer in answers] == ["ALLOW", "MODIFY", "DENY", "ALLOW"]
    assert answers[1]["parameters"] == {"body": "Hello", "footer": "Sent by an agent."}
    for answer, (name, _) in zip(answers, asked, strict=True):
        row = Decision.objects.get(pk=answer["decision_id"])
        assert (f"{row.tool}.{row.operation}", row.decision) == (name, answer["decision"])
    assert turns_of(session) == [1, 5]
    assert_sound(session, decided=6)


def test_each_is_counted_before_the_next_is_judged(cast: Cast, session: str) -> None:
    answers = answers_to(cast, session, [("files.read", {}), *[("payments.pay", {"amount": 1})] * 6])[1:]
    assert Counter(answer["decision"] for answer in answers) == {"ALLOW": 3, "DENY": 3}
    assert turns_of(session) == [1, 7]


def test_what_people_are_asked_about_leaves_the_turn_and_reaches_them(cast: Cast, session: str) -> None:
    asked: list[Asked] = [("files.read", {}), ("database.drop", {"table": "old"}), ("files.read", {})]
    answers = answers_to(cast, session, [("files.read", {}), *asked])[1:]
    drop = Decision.objects.get(pk=answers[1]["decision_id"])
    assert Decision.objects.get(pk=answers[0]["decision_id"]).position < drop.position, "It came before."
    assert [(answer["status"], answer["effective"]) for answer in answers] == [
        (200, "ALLOW"),
        (202, "PENDING"),
        (200, "ALLOW"),
    ]
    assert ApprovalRequest.objects.get().pk == answers[1]["approval"]["id"]
    assert turns_of(session) == [1, 2, 1, 1]
    assert_sound(session, decided=5)


@pytest.mark.case("APR-38")
def test_a_retry_that_waits_in_the_same_turn_is_the_same_action(cast: Cast, session: str) -> None:
    with held_up(cast, session) as come:
        futures = [come(("files.read", {"n": number}), key=key) for number, key in enumerate(["a", "b", "c"])]
        again = [come(("files.read", {"n": 1}), key="b"), come(("files.read", {"n": 5}), key="c")]
    first = [each.result(60) for each in futures]
    assert again[0].result(60) == first[1]
    assert {"idempotency_mismatch"} == {each["code"] for each in (again[1].result(60), first[2]) if "code" in each}
    assert IdempotentAnswer.objects.filter(key="b").count() == 1
    assert Decision.objects.filter(session=session).count() == 4


@pytest.mark.case("FLT-30")
def test_what_cannot_be_recorded_is_permitted_to_nobody_in_the_turn(cast: Cast, session: str) -> None:
    with held_up(cast, session) as come:
        futures = [come(("files.read", {})) for _ in range(4)]
        PublishedKey.objects.update(retired_at=database_now())
    assert [each.result(60) for each in futures] == [{"code": "signing_unavailable"}] * 4
    assert Decision.objects.filter(session=session).count() == 1


@pytest.mark.case("APR-31")
def test_a_turn_sees_the_pause_that_was_acknowledged_before_it(cast: Cast, session: str) -> None:
    with ThreadPoolExecutor(1) as pool, held_up(cast, session) as come:
        futures = [come(("files.read", {})) for _ in range(4)]
        pool.submit(_pause, session).result(60)
    assert [each.result(60)["reason_code"] for each in futures] == ["paused"] * 4


def _pause(session: str) -> None:
    pause_actions(Target(Scope.SESSION, session=Session.objects.get(pk=session)), reason="It looks wrong.", actor=None)
    connections.close_all()


def test_inside_a_transaction_of_the_caller_nobody_elses_answer_hangs_on_it(cast: Cast, session: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            mine = decide(cast, session, "files.read", parameters={})
            other = pool.submit(ask, cast.agent, session, ("files.read", {}))
            wait_until(_waits_for_row, "the other waits for the row")
            assert behind(cast, session) == 0
            transaction.set_rollback(True)
        assert other.result(60)["effective"] == "ALLOW"
    assert not Decision.objects.filter(pk=mine["decision_id"]).exists()
    assert_sound(session, decided=2)


def test_what_depends_on_another_action_is_decided_by_itself(cast: Cast, session: str) -> None:
    with ThreadPoolExecutor(1) as pool, held_up(cast, session) as come:
        first = come(("files.read", {}))
        asked = pool.submit(ask, cast.agent, session, ("files.read", {}), depends_on=["act-unheard-of"])
        wait_until(lambda: _waits_for_row() == 2, "two transactions wait for the row")
        assert behind(cast, session) == 0
    assert first.result(60)["effective"] == "ALLOW"
    assert asked.result(60) == {"code": "unknown_dependency"}


def _publish() -> None:
    publish_policy(
        text=POLICY.replace("tool: files.read}, action: ALLOW", "tool: files.read}, action: DENY"),
        source="n",
        actor=None,
    )


def _narrow() -> None:
    Agent.objects.update(allowed_tools=["mail.send"])


@pytest.mark.case("POL-11")
@pytest.mark.parametrize("change", [_publish, _narrow])
def test_who_comes_after_a_change_was_acknowledged_is_judged_on_it_whoever_leads(
    cast: Cast, session: str, monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]
) -> None:
    read, go_on, usual = Event(), Event(), locked_with_chain

    def slowly(**named: Any) -> Any:
        found = usual(**named)
        if not read.is_set():
            read.set()
            assert go_on.wait(60)
        return found

    monkeypatch.setattr(turns, "locked_with_chain", slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, cast.agent, session, ("files.read", {}))
        assert read.wait(30)
        change()
        later = pool.submit(ask, cast.agent, session, ("files.read", {}))
        wait_until(lambda: behind(cast, session) == 1, "the later one waits")
        go_on.set()
        assert later.result(60)["effective"] == "DENY"
        # It came before the change, and is judged with the other.
        assert first.result(60)["effective"] == "DENY"


@pytest.mark.case("APR-38")
def test_a_turn_whose_connection_is_lost_after_its_commit_is_not_made_again(
    cast: Cast, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durability, "_ON_DISK", "SELECT pg_terminate_backend(pg_backend_pid())")
    with held_up(cast, session) as come:
        futures = [come(("payments.pay", {"amount": 1}), key=f"pay-{number}") for number in range(3)]
    for each in futures:
        with pytest.raises(OperationalError):
            each.result(60)
    monkeypatch.undo()
    again = [ask(cast.agent, session, ("payments.pay", {"amount": 1}), key=f"pay-{number}") for number in range(3)]
    assert [each["effective"] for each in again] == ["ALLOW"] * 3
    assert_sound(session, decided=4)


HOSTILE = [
    "NULL",
    "null",
    "",
    " ",
    "{a,b}",
    '"',
    "\\",
    "\\\\",
    "a'b",
    "{{}}",
    "%s $1",
    "(x,y)",
    "\t\n\r",
    "é\u202e😀",
    "[null]",
]


@pytest.mark.case("API-07")
@pytest.mark.parametrize("texts", [HOSTILE[:8], HOSTILE[8:]], ids=["words", "signs"])
def test_whatever_text_is_sent_is_kept_as_it_was_sent(cast: Cast, session: str, texts: Sequence[str]) -> None:
    asked: list[Asked] = [("files.read", {"path": text, text or "empty": [text, None]}) for text in texts]
    answers = answers_to(cast, session, asked)
    for answer, (_, parameters) in zip(answers, asked, strict=True):
        kept = decision_answer(Decision.objects.get(pk=answer["decision_id"]), at=database_now())
        assert (answer["parameters"], kept["parameters"]) == (parameters, parameters)
    assert turns_of(session) == [1, len(texts)]
    assert_sound(session, decided=len(texts) + 1)
