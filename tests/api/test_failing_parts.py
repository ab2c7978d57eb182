"""A part that fails never turns into an ALLOW: the answer is a recorded DENY or 503, and the next request heals."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from django.conf import settings
from django.db import connection, transaction

from decisions.models import ActivePolicy
from decisions.services import evaluation
from receipts.models import Receipt
from tests.api.doors import Door, problem_of, row_counts
from tests.api.test_decide import INSIDE, asked
from tests.factories import Cast, vote

FAILURES: tuple[Callable[[], BaseException], ...] = (
    lambda: RuntimeError("boom /secret/path"),
    lambda: RecursionError(),
    lambda: MemoryError(),
    lambda: KeyError("to"),
    lambda: UnicodeError("x"),
    lambda: ZeroDivisionError(),
)


@pytest.mark.case("POL-07")
@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_the_engine_raises_is_a_recorded_denial(
    agent: Door, session: str, failure: Callable[[], BaseException]
) -> None:
    assert agent.decide(session, parameters=INSIDE).json()["effective"] == "ALLOW"

    def broken(*args: object, **kwargs: object) -> NoReturn:
        raise failure()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "judge", broken)
        reply = agent.decide(session, parameters=INSIDE)
    answer = reply.json()
    assert (reply.status_code, answer["decision"], answer["effective"]) == (200, "DENY", "DENY")
    assert answer["reason_code"] == "evaluation_error"
    assert "parameters" not in answer
    assert b"secret" not in reply.content
    assert Receipt.objects.get(pk=answer["receipt"]["id"]).decision == "DENY"
    assert agent.decide(session, parameters=INSIDE).json()["effective"] == "ALLOW"


@pytest.mark.case("POL-07", "APR-16")
def test_an_approved_action_is_not_claimed_while_the_engine_fails(cast: Cast, agent: Door, session: str) -> None:
    step = asked(agent.decide(session))
    vote(step, cast.bob)

    def broken(*args: object, **kwargs: object) -> NoReturn:
        raise RuntimeError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "judge", broken)
        problem_of(agent.claim(step.answer), status=409, code="policy_changed")
    # What nobody could judge again is taken back; the next one is approved anew.
    problem_of(agent.claim(step.answer), status=409, code="not_approved")
    again = asked(agent.decide(session))
    vote(again, cast.bob)
    assert agent.claim(again.answer).status_code == 200


def test_without_a_policy_nothing_is_decided(agent: Door, session: str) -> None:
    assert agent.decide(session, parameters=INSIDE).status_code == 200
    kept = ActivePolicy.objects.get()
    before = row_counts()
    ActivePolicy.objects.all().delete()
    problem_of(agent.decide(session, parameters=INSIDE), status=503, code="no_policy")
    kept.save(force_insert=True)
    assert row_counts() == before
    assert agent.decide(session, parameters=INSIDE).status_code == 200


@contextmanager
def without_key(replacement: bytes | None) -> Iterator[None]:
    """The signing key's file is gone, or holds something else, for a while."""
    path = Path(settings.AARM_SIGNING_KEY_PATH)
    kept, times = path.read_bytes(), path.stat()
    path.unlink()
    try:
        if replacement is not None:
            path.write_bytes(replacement)
        yield
    finally:
        path.write_bytes(kept)
        path.chmod(0o600)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.case("FLT-30")
@pytest.mark.parametrize("replacement", [None, b"", b"-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n"])
def test_without_a_key_that_signs_nothing_is_allowed_and_nothing_written(
    cast: Cast, agent: Door, host: Door, session: str, replacement: bytes | None
) -> None:
    step = asked(agent.decide(session))
    vote(step, cast.bob)
    allowed = agent.decide(session, parameters=INSIDE).json()
    before = row_counts()
    with without_key(replacement):
        refused = [
            agent.decide(session, parameters=INSIDE),
            agent.decide(session),
            agent.decide(session, "database.drop", parameters={}),
            agent.claim(step.answer),
            agent.report(allowed),
        ]
        for reply in refused:
            found = problem_of(reply, status=503, code="signing_unavailable")
            assert str(settings.AARM_DATA_DIR) not in str(found)
        assert Door().get("/readyz").status_code == 503
    assert row_counts() == before
    assert agent.claim(step.answer).status_code == 200


@pytest.mark.case("FLT-05")
def test_a_database_that_can_only_be_read_gives_503_and_heals(agent: Door, session: str) -> None:
    assert agent.decide(session, parameters=INSIDE).status_code == 200
    before = row_counts()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        for key in ("", "k1"):
            reply = agent.decide(session, parameters=INSIDE, key=key)
            problem_of(reply, status=503, code="unavailable")
            assert reply["Retry-After"]
        transaction.set_rollback(True)
    assert row_counts() == before
    assert agent.decide(session, parameters=INSIDE, key="k1").json()["effective"] == "ALLOW"


# What PostgreSQL says when it can't: disk full, too many connections, out of memory, being shut down, deadlock.
SQL_STATES = ("53100", "53300", "53200", "57P01", "40P01", "58030")


@contextmanager
def failing(table: str, state: str) -> Iterator[None]:
    """Inserting into `table` fails as PostgreSQL itself would fail."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"RAISE EXCEPTION 'could not extend file /var/lib/secret' USING ERRCODE = '{state}'; END $$"
            )
            cursor.execute(f"CREATE TRIGGER fails BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION fail()")
        yield
        transaction.set_rollback(True)


@pytest.mark.case("FLT-05", "API-21")
@pytest.mark.parametrize("table", ["receipts_receipt", "decisions_decision", "decisions_contextentry"])
def test_a_database_that_cannot_go_on_gives_503_and_keeps_no_half(agent: Door, session: str, table: str) -> None:
    assert agent.decide(session, parameters=INSIDE).status_code == 200
    before = row_counts()
    for state in SQL_STATES:
        with failing(table, state):
            reply = agent.decide(session, parameters=INSIDE)
            problem_of(reply, status=503, code="unavailable")
            assert b"secret" not in reply.content
            assert row_counts() == before
    assert agent.decide(session, parameters=INSIDE).json()["effective"] == "ALLOW"


@pytest.mark.case("FLT-05")
@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_gives_503_and_the_next_request_has_a_new_one(agent: Door, session: str) -> None:
    assert agent.decide(session, parameters=INSIDE, key="k1").status_code == 200
    before = row_counts()
    cut_connection()
    for key in ("k2", ""):
        problem_of(agent.decide(session, parameters=INSIDE, key=key), status=503, code="unavailable")
    # What each request of a real server begins with; the test client leaves it out.
    connection.close_if_unusable_or_obsolete()
    assert row_counts() == before
    assert agent.decide(session, parameters=INSIDE, key="k2").json()["effective"] == "ALLOW"


def cut_connection() -> None:
    """Ends this test's connection from another one, as a restart of the server would."""
    import psycopg

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    parameters: dict[str, Any] = connection.get_connection_params()
    known = {name: parameters[name] for name in ("dbname", "user", "host", "port", "password") if parameters.get(name)}
    with psycopg.connect(**known, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
