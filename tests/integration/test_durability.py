"""No answer leaves before the disk has what it says, and nobody queues for a session while the disk is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from decisions.intake.bodies import DecideBody
from decisions.models import Decision, Session
from decisions.services import submission
from decisions.services.idempotency import Answer
from decisions.services.policies import publish_policy
from decisions.services.records import committed_values
from decisions.services.submission import submit_action
from decisions.services.turns import Submission
from receipts import durability
from receipts.clock import database_now
from receipts.durability import await_disk
from receipts.models import Receipt
from receipts.rows import Batch, LostRowError, Update
from receipts.services import issue_receipt
from receipts.signing.statement import ReceiptType
from tests.api.doors import Door
from tests.factories import Cast, begin_session, make_cast
from tests.waiting import wait_until

READS = 'policy: {id: reads, version: "1", default: DENY}\nrules: [{id: r, match: {tool: files.read}, action: ALLOW}]\n'
BEHIND = "SELECT pg_current_wal_flush_lsn() < %s::pg_lsn"
# Stands for a disk that takes its time: the test has the lock.
SLOW_DISK = "SELECT pg_advisory_xact_lock(17)"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 17 AND NOT granted"


class Apart:
    """In place of the queue that threads of one process share: each thread stands for a process of its own."""

    def take(self, key: object, task: Submission) -> Answer | None:
        return submission._decided(task, lambda: [task])[0]


def _submitted(cast: Cast, session: str) -> str:
    asked = {"session_id": session, "tool": "files", "operation": "read", "parameters": {}}
    try:
        return submit_action(caller=cast.agent, body=DecideBody.model_validate(asked), key="").content.decode()
    finally:
        connections.close_all()


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])


@pytest.mark.case("CTX-05")
@pytest.mark.django_db(transaction=True)
def test_the_next_in_a_session_is_decided_while_the_disk_is_waited_for_and_nobody_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cast = make_cast()
    publish_policy(text=READS, source="reads.yaml", actor=None)
    session = begin_session(cast)
    monkeypatch.setattr(durability, "_ON_DISK", SLOW_DISK)
    monkeypatch.setattr(submission, "_TURNS", Apart())
    with ThreadPoolExecutor(4) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(SLOW_DISK)
            asked = []
            for number in range(1, 5):
                asked.append(pool.submit(_submitted, cast, session))
                wait_until(lambda wanted=number: _waiting() == wanted, f"{number} wait for the disk.")  # type: ignore[misc]
            assert not any(each.done() for each in asked), "Nobody is answered before the disk has it."
            assert Decision.objects.filter(session_id=session).count() == 4
        answers = [each.result(60) for each in asked]
    assert all('"effective":"ALLOW"' in answer for answer in answers)
    receipts = Decision.objects.values_list("receipt__position", flat=True)
    assert sorted(receipts) == [1, 2, 3, 4]


@pytest.fixture
def behind(transactional_db: None) -> Iterator[None]:
    """This connection's commits, those that wait for the disk included, come back before the disk has them."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        yield
        cursor.execute("RESET synchronous_commit")


def _is_behind(position: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(BEHIND, [position])
        return bool(cursor.fetchone()[0])


def _written() -> str:
    """How far the database's log goes now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        return str(cursor.fetchone()[0])


def _on_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")


@pytest.mark.case("CTX-05")
@pytest.mark.parametrize("kind", ["retry", "read", "page"])
def test_what_is_only_read_leaves_when_what_it_has_seen_is_on_disk(behind: None, kind: str) -> None:
    cast = make_cast()
    publish_policy(text=READS, source="reads.yaml", actor=None)
    session, door = begin_session(cast), Door(cast.agent_key)

    def decided() -> tuple[str, Any]:
        reply = door.decide(session, "files.read", key="once").json()
        return _written(), reply

    position, reply = decided()
    # The control: it is not there by itself. The server's own writer may have been quick, and then another is decided.
    while not _is_behind(position):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_logical_emit_message(true, 'control', '')")
        position = _written()
    _on_again()
    asking = {
        "retry": lambda: door.decide(session, "files.read", key="once"),
        "read": lambda: door.get(f"/api/v1/decisions/{reply['decision_id']}"),
        "page": lambda: door.get(f"/api/v1/receipts/{reply['receipt']['id']}"),
    }
    assert asking[kind]().status_code == 200
    assert not _is_behind(position)


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_nothing_is_asked_or_written_to_wait_for() -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as found:
        await_disk()
    assert found.captured_queries == []


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_gone_undoes_the_last_statement_of_its_transaction() -> None:
    cast = make_cast()
    gone, there = Update(Session, "ses_gone", {"length": 1}), Update(Session, begin_session(cast), {"length": 7})
    with pytest.raises(LostRowError), transaction.atomic():
        Batch(updates=[there, gone]).write(is_last=True)
    assert Session.objects.get(pk=there.key).length == 1
    with transaction.atomic():
        Batch(updates=[there]).write(is_last=True)
    assert Session.objects.get(pk=there.key).length == 7, "The control: by itself it is written."


@pytest.mark.django_db
def test_inside_a_larger_transaction_nothing_is_committed_ahead() -> None:
    cast = make_cast()
    publish_policy(text=READS, source="reads.yaml", actor=None)
    session, door = begin_session(cast), Door(cast.agent_key)
    outer = transaction.savepoint()
    assert door.decide(session, "files.read").status_code == 200
    transaction.savepoint_rollback(outer)
    assert not Decision.objects.exists()


@pytest.mark.case("CTX-05")
@pytest.mark.django_db(transaction=True)
def test_a_receipt_that_comes_in_between_has_the_decision_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = make_cast()
    publish_policy(text=READS, source="reads.yaml", actor=None)
    session = begin_session(cast)
    _submitted(cast, session)
    made: list[Any] = []

    def between(*args: Any, **named: Any) -> Any:
        made.append(args)
        if len(made) == 1:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(_issued, f"session/{session}").result(60)
        return committed_values(*args, **named)

    monkeypatch.setattr("decisions.services.turns.committed_values", between)
    answer = _submitted(cast, session)
    assert (len(made), '"effective":"ALLOW"' in answer) == (2, True)
    assert Decision.objects.filter(session_id=session).count() == 2
    rows = Receipt.objects.filter(stream=f"session/{session}").order_by("position")
    assert [row.position for row in rows] == [1, 2, 3]
    assert [row.previous_digest for row in rows][1:] == [row.digest for row in rows][:-1]
    _submitted(cast, session)
    assert len(made) == 3, "The control: with nothing in between it is made once."


def _issued(stream: str) -> None:
    try:
        with transaction.atomic():
            issue_receipt(type=ReceiptType.DECISION, stream=stream, body={}, at=database_now())
    finally:
        connections.close_all()
