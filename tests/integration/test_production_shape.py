"""The same code as separate processes, on a database whose tables the application doesn't own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.e2e.agents import ask_for_mail, decide, open_session, read_decision
from tests.e2e.processes import run_command
from tests.e2e.servers import Servers
from tests.waiting import wait_until


@pytest.fixture
def application(production_servers: Servers) -> Iterator[psycopg.Connection]:
    """A connection as the application's role."""
    with psycopg.connect(production_servers.variables["DATABASE_URL"], autocommit=True) as connection:
        yield connection


def test_an_installation_in_which_nothing_is_wrong_satisfies_the_doctor(production_servers: Servers) -> None:
    done = run_command("doctor", variables=production_servers.variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[-1] == "Nothing is wrong."


def test_a_decision_of_the_synchronous_door_is_read_at_the_other(production_servers: Servers) -> None:
    session = open_session(production_servers)
    asked = ask_for_mail(production_servers, session=session, key="shape")
    read = read_decision(production_servers, decision_id=asked["decision_id"])
    assert (read.status_code, read.json()["effective"]) == (200, "PENDING")
    assert ask_for_mail(production_servers, session=session, key="shape") == asked


def test_the_synchronous_door_serves_agents_alone(production_servers: Servers) -> None:
    url = production_servers.decide_url
    for path in ("/nothing", "/admin/", "/accounts/login/", "/api/v1/nothing"):
        answer = httpx.get(f"{url}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert httpx.post(f"{url}/decide", json={}).json()["code"] == "unauthenticated"


def test_worker_and_beat_end_what_nobody_answers(production_servers: Servers) -> None:
    session = open_session(production_servers)
    meeting = {"title": "Review", "at": "2026-12-01T10:00:00Z"}
    asked = decide(
        production_servers, session=session, key="m", tool="calendar", operation="create", parameters=meeting
    )
    approval = asked.json()["approval"]["id"]

    with psycopg.connect(production_servers.variables["DATABASE_URL"], autocommit=True) as connection:

        def stored_state() -> bool:
            # The row, which only the sweep changes; a reader is told EXPIRED without it.
            row = connection.execute("SELECT state FROM approvals_approvalrequest WHERE id = %s", [approval]).fetchone()
            return row is not None and row[0] == "EXPIRED"

        wait_until(stored_state, "the sweep expires the approval", seconds=30)


REFUSED = (
    "UPDATE receipts_receipt SET digest = 'sha256:0'",
    "DELETE FROM receipts_receipt",
    "TRUNCATE receipts_receipt",
    "TRUNCATE receipts_receipt CASCADE",
    "SET session_replication_role = replica",
    "ALTER TABLE receipts_receipt DISABLE TRIGGER ALL",
    "ALTER TABLE receipts_receipt DISABLE TRIGGER aarm_row_guard",
    "DROP TRIGGER aarm_row_guard ON receipts_receipt",
    "DROP TABLE receipts_receipt CASCADE",
    "ALTER TABLE receipts_receipt OWNER TO CURRENT_USER",
    "CREATE OR REPLACE FUNCTION aarm_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "CREATE OR REPLACE FUNCTION aarm_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT clock_timestamp()'",
    "UPDATE django_migrations SET name = 'forged'",
)


@pytest.mark.case("RCP-33")
@pytest.mark.parametrize("statement", REFUSED)
def test_the_application_role_cannot_change_what_was_recorded(
    application: psycopg.Connection, production_servers: Servers, statement: str
) -> None:
    ask_for_mail(production_servers, session=open_session(production_servers), key=f"recorded {statement}")
    count = application.execute("SELECT count(*), max(digest) FROM receipts_receipt").fetchone()
    assert count is not None
    assert count[0] > 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)
    still = application.execute("SELECT count(*) FROM receipts_receipt").fetchone()
    assert still is not None
    assert still[0] >= count[0]


def test_every_process_logs_lines_of_json(production_servers: Servers) -> None:
    httpx.get(f"{production_servers.base_url}/readyz")
    for name, process in production_servers.processes.items():
        lines = process.stderr.read_text().splitlines()
        assert [line for line in lines if not isinstance(json.loads(line), dict)] == [], name
        assert process.stdout.read_text() == "", name


def test_migrating_as_the_application_itself_is_refused(production_servers: Servers) -> None:
    url = production_servers.variables["DATABASE_URL"]
    variables = {**production_servers.variables, "AARM_MIGRATION_DATABASE_URL": url}
    done = run_command("migrate", variables=variables)
    assert done.returncode == 1
    assert "two different roles" in done.stderr
