"""Erasing a person while something about them is being written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from approvals.models import ApprovalRequest
from decisions.models import Session
from receipts.services.erasure import Actor, Ground, erase_subject
from tests.factories import begin_session, make_cast, open_step_up
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
