"""Erasing a person while something about them is being written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest
from django.db import connection, transaction

from approvals.lifecycle.states import TERMINAL
from approvals.models import ApprovalRequest
from decisions.models import Human, Session
from receipts.models import Payload, SubjectKey
from receipts.selectors import opened_values
from receipts.selectors.subject_keys import forget_keys
from receipts.services.erasure import Actor, Ground, erase_subject
from tests.factories import begin_session, make_cast, open_step_up
from tests.integration.deciders import Order, deciders, own_database
from tests.privacy.people import tables_with
from tests.waiting import wait_until

WORD = "alicecanary7391"


def _is_waited() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.case("PRV-02")
@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_being_written_when_the_erasure_begins_is_erased_too() -> None:
    cast = make_cast()
    session = begin_session(cast, human=f"{WORD}@corp.example")
    subject = Session.objects.get(pk=session).human_id or ""
    is_written, may_commit = Event(), Event()

    def ask() -> None:
        try:
            with transaction.atomic():
                open_step_up(cast, session_id=session, parameters={"to": "x@partner.example"})
                is_written.set()
                assert may_commit.wait(30)
        finally:
            connection.close()

    def erase() -> None:
        try:
            erase_subject(subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(ask)
        assert is_written.wait(30)
        erasing = pool.submit(erase)
        try:
            wait_until(_is_waited, "the erasure to wait for the session's lock")
        finally:
            may_commit.set()
        asking.result(30)
        erasing.result(30)
    assert ApprovalRequest.objects.get().requester == f"erased:{subject}"
    assert tables_with(WORD) == []


PROCESSES, TRIALS, EACH = 4, 5, 6


@pytest.mark.case("PRV-02")
@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_person_stays_that_other_processes_write_while_they_are_erased() -> None:
    """Two processes open sessions of the person, two ask people about actions of theirs, and a fifth erases them."""
    cast = make_cast()
    ask = ("email.send", {"to": "x@partner.example"})
    with deciders(PROCESSES, variables={**own_database(), "AARM_DELEGATION_FAN_OUT": "100"}) as crew:
        for trial in range(TRIALS):
            human = f"{WORD}-{trial}@corp.example"
            # The first value of the month: whoever writes makes its key, perhaps after keys were looked for.
            sessions = [begin_session(cast, human=human) for _ in range(2)]
            subject = Session.objects.get(pk=sessions[0]).human_id or ""
            SubjectKey.objects.filter(subject=subject).delete()
            forget_keys()
            opening = ("open", {"human": human, "agent": cast.agent.id})
            for number, child in enumerate(crew):
                if number < len(sessions):
                    child.tell(Order(key=cast.agent_key, session=sessions[number], actions=[ask] * EACH))
                else:
                    child.tell(Order(key=cast.host_key, session="", actions=[opening] * EACH))
            # Begun when they are in the midst of it.
            wait_until(partial(_has_written, human, 3 + trial), "them to write")
            erase_subject(subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
            answers = [answer for child in crew for answer in child.heard()]
            assert len(answers) == PROCESSES * EACH
            assert _left_of(subject) == [], trial


def _has_written(human: str, rows: int) -> bool:
    mine = Session.objects.filter(human__identifier=human)
    return mine.count() + ApprovalRequest.objects.filter(requester=human).count() >= rows


def _left_of(subject: str) -> list[str]:
    """Whatever is still known of the person behind this id."""
    forget_keys()
    found = [f"key {key}" for key in SubjectKey.objects.filter(subject=subject).values_list("pk", flat=True)]
    found += [f"payload {row.pk}" for row in Payload.objects.filter(subject=subject) if opened_values(row)]
    found += [row.identifier for row in Human.objects.filter(pk=subject) if row.identifier != f"erased:{subject}"]
    for session in Session.objects.filter(human=subject):
        is_empty = session.ended_at and not session.state["facts"]
        found += [] if is_empty else [session.pk]
        requests = ApprovalRequest.objects.filter(stream=f"session/{session.pk}")
        found += [row.pk for row in requests if row.requester != f"erased:{subject}" or row.state not in TERMINAL]
    return found
