"""The database itself refuses to change what was recorded: on PostgreSQL for every role, on SQLite for the product."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from aarm_site.settings.base import database
from approvals.lifecycle.questions import Asked
from approvals.lifecycle.quorum import Verdict
from approvals.lifecycle.states import NON_TERMINAL, State
from approvals.models import ApprovalRequest, Reveal
from approvals.services.questions import answer_as_agent, ask_question
from decisions.models import Deferral
from receipts.clock import database_now
from receipts.protection import insert_only_tables
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.sequencing import sequence_waiting
from tests.e2e.agents import ask_for_mail, open_session
from tests.e2e.processes import run_command
from tests.e2e.servers import Servers, embedded_variables
from tests.engines import free_port
from tests.factories import Cast, StepUp, make_cast, open_step_up, vote
from tests.integration.scenario import busy_session

TABLES = (
    "approvals_adminchange", "approvals_answer", "approvals_asking", "approvals_attentionmiss", "approvals_question",
    "approvals_reveal", "approvals_vote", "decisions_claim", "decisions_contextentry", "decisions_decision",
    "decisions_outcome", "decisions_policyproposal", "decisions_policyversion", "receipts_checkpoint",
    "receipts_logentry", "receipts_receipt",
)  # fmt: skip
KEYS = {"receipts_logentry": "leaf_index"}
APPLICATION_ATTEMPTS = (
    "UPDATE {table} SET {key} = {key}",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "SET session_replication_role = replica",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE TRIGGER aarm_row_guard",
    "DROP TRIGGER aarm_row_guard ON {table}",
    "CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION aarm_refuse()",
    "CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "ALTER TABLE {table} RENAME TO gone",
    "DROP TABLE {table} CASCADE",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "MERGE INTO {table} USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE",
    "SELECT * FROM {table} FOR UPDATE",
    "COPY {table} FROM '/etc/hostname' WITH (FREEZE)",
    "ALTER TABLE {table} DETACH PARTITION {table}",
)


def test_these_are_the_tables_of_facts() -> None:
    assert tuple(insert_only_tables()) == TABLES


@pytest.fixture
def application(production_servers: Servers) -> Iterator[psycopg.Connection]:
    """A connection as the role that the product's processes sign in with."""
    with psycopg.connect(production_servers.variables["DATABASE_URL"], autocommit=True) as found:
        yield found


@pytest.mark.case("RCP-33")
@pytest.mark.parametrize("table", TABLES)
def test_the_applications_role_may_add_facts_and_do_nothing_else_to_them(
    application: psycopg.Connection, table: str
) -> None:
    rights = "SELECT has_table_privilege(%s, 'SELECT'), has_table_privilege(%s, 'INSERT')"
    assert application.execute(rights, [table, table]).fetchone() == (True, True)
    for attempt in APPLICATION_ATTEMPTS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(attempt.format(table=table, key=KEYS.get(table, "id")))
    # This one is answered with a warning, and does nothing.
    application.execute(f"GRANT UPDATE, DELETE ON {table} TO CURRENT_USER")
    changes = "SELECT has_table_privilege(%s, 'UPDATE'), has_table_privilege(%s, 'DELETE')"
    assert application.execute(changes, [table, table]).fetchone() == (False, False)


@pytest.mark.case("RCP-33")
def test_the_applications_role_puts_nothing_in_the_place_of_what_guards(application: psycopg.Connection) -> None:
    for attempt in (
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION public.aarm_now(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION aarm_refuse() CASCADE",
        "ALTER FUNCTION aarm_now() OWNER TO CURRENT_USER",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "COPY receipts_receipt TO '/tmp/receipts'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(attempt)


@pytest.mark.case("RCP-33")
def test_what_the_applications_role_copies_in_is_as_visible_as_what_it_inserts(application: psycopg.Connection) -> None:
    """Frozen rows would be seen by transactions that began before them."""
    copy = application.cursor().copy("COPY receipts_receipt FROM STDIN WITH (FREEZE)")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState), copy:
        pass


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def refusal_of(*statements: str) -> str:
    """What the database says to statements that are carried out one after the other, and taken back."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # A table can't be altered while checks of its rows are still outstanding.
            for statement in ("SET CONSTRAINTS ALL IMMEDIATE", *statements):
                cursor.execute(statement)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return str(error)
    return ""


def ask_and_show(cast: Cast) -> None:
    """A question with its answer, and a value that was shown."""
    step = open_step_up(cast)
    question = ask_question(approval_id=step.approval.pk, person=cast.bob, to=Asked.AGENT, text="Why her?")
    answer_as_agent(caller=cast.agent, approval_id=step.approval.pk, question_id=question.pk, text="She asked.")
    Reveal.objects.create(request=step.approval, person=cast.bob, shown_at=database_now())


@pytest.mark.case("RCP-33")
def test_not_even_the_owner_changes_facts_while_the_guards_are_on(cast: Cast) -> None:
    busy_session(cast)
    ask_and_show(cast)
    sequence_waiting()
    sign_due_checkpoint()
    for table in TABLES:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] > 0, table
        for attempt in ("UPDATE {table} SET {key} = {key}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"):
            statement = attempt.format(table=table, key=KEYS.get(table, "id"))
            assert "append-only" in refusal_of(statement), statement
            # A replica applies changes without firing ordinary triggers; these fire always.
            assert "append-only" in refusal_of("SET LOCAL session_replication_role = replica", statement), statement


def ended(cast: Cast, state: State) -> StepUp:
    """A request that has ended in `state`."""
    step = open_step_up(cast)
    if state is State.DENIED:
        vote(step, cast.bob, verdict=Verdict.DENY)
    else:
        ApprovalRequest.objects.filter(pk=step.approval.pk).update(
            state=state.value, claim_expires_at=step.approval.expires_at
        )
    return step


@pytest.mark.case("APR-10")
@pytest.mark.parametrize("state", sorted(set(State) - NON_TERMINAL))
def test_an_approval_that_has_ended_is_not_brought_back(cast: Cast, state: State) -> None:
    approval = ended(cast, state).approval
    approval.refresh_from_db()
    assert approval.state == state
    for other in sorted(set(State) - {state}):
        statement = f"UPDATE approvals_approvalrequest SET state = '{other}' WHERE id = '{approval.pk}'"
        assert "append-only" in refusal_of(statement), other
        assert "append-only" in refusal_of("SET LOCAL session_replication_role = replica", statement), other
    approval.state = State.APPROVED if state is not State.APPROVED else State.PENDING
    with pytest.raises(DatabaseError), transaction.atomic():
        approval.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        ApprovalRequest.objects.bulk_update([approval], ["state"])
    approval.refresh_from_db()
    assert approval.state == state


@pytest.mark.case("APR-10")
def test_no_state_is_written_that_does_not_exist(cast: Cast) -> None:
    step = open_step_up(cast)
    for column, value in (("state", "'ALLOWED'"), ("state", "'approved'"), ("state", "NULL"), ("expires_at", "NULL")):
        statement = f"UPDATE approvals_approvalrequest SET {column} = {value} WHERE id = '{step.approval.pk}'"
        assert "violates" in refusal_of(statement)
    # Approved without a time in which to use it would be approved for ever.
    forever = f"UPDATE approvals_approvalrequest SET state = 'APPROVED' WHERE id = '{step.approval.pk}'"
    assert "approval_approved_has_deadline" in refusal_of(forever)


@pytest.mark.case("APR-10")
def test_a_deferral_that_has_ended_is_not_brought_back(cast: Cast) -> None:
    busy_session(cast)
    over = Deferral.objects.filter(state="CANCELLED").get()
    statement = f"UPDATE decisions_deferral SET state = 'ALLOWED' WHERE id = '{over.pk}'"
    assert "append-only" in refusal_of(statement)
    over.state = "PENDING"
    with pytest.raises(DatabaseError), transaction.atomic():
        over.save()


@pytest.mark.case("APR-10")
def test_the_applications_role_brings_no_approval_back(
    application: psycopg.Connection, production_servers: Servers
) -> None:
    asked = ask_for_mail(production_servers, session=open_session(production_servers), key="revived")
    approval = asked["approval"]["id"]
    change = "UPDATE approvals_approvalrequest SET state = %s WHERE id = %s"
    assert application.execute(change, ["DENIED", approval]).rowcount == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(change, ["PENDING", approval])
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        application.execute("DELETE FROM approvals_approvalrequest WHERE id = %s", [approval])


@pytest.fixture(scope="module")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file as `./run` makes it, with facts in it."""
    folder = tmp_path_factory.mktemp("sqlite")
    variables = embedded_variables(folder, port=free_port())
    for command in (("migrate",), ("seed_demo", "--json")):
        done = run_command(*command, variables=variables)
        assert done.returncode == 0, done.stderr
    return folder / "data" / "aarm.sqlite3"


@pytest.fixture
def sqlite_connection(sqlite_file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that is set up as the product's own are."""
    found = sqlite3.connect(sqlite_file, isolation_level=None)
    found.executescript(database("")["OPTIONS"]["init_command"])
    yield found
    found.close()


@pytest.mark.case("RCP-33")
def test_sqlite_refuses_to_change_facts(sqlite_connection: sqlite3.Connection) -> None:
    count = "SELECT count(*), max(digest) FROM receipts_receipt"
    before = sqlite_connection.execute(count).fetchone()
    assert before[0] > 0
    attempts = (
        "UPDATE receipts_receipt SET digest = 'sha256:0'",
        "UPDATE OR REPLACE receipts_receipt SET digest = 'sha256:0'",
        "UPDATE OR IGNORE receipts_receipt SET digest = 'sha256:0'",
        "DELETE FROM receipts_receipt",
        "INSERT OR REPLACE INTO receipts_receipt SELECT * FROM receipts_receipt",
        "REPLACE INTO decisions_policyversion SELECT * FROM decisions_policyversion",
        "INSERT INTO receipts_receipt SELECT * FROM receipts_receipt WHERE true ON CONFLICT DO UPDATE SET tool = 'x'",
    )
    for attempt in attempts:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            sqlite_connection.execute(attempt)
    assert sqlite_connection.execute(count).fetchone() == before


@pytest.mark.case("RCP-33")
@pytest.mark.parametrize("table", TABLES)
def test_sqlite_guards_every_table_of_facts(sqlite_connection: sqlite3.Connection, table: str) -> None:
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? ORDER BY name"
    names = [name for (name,) in sqlite_connection.execute(query, [table])]
    guards = [name for name in names if name.startswith("aarm_")]
    assert guards == [f"aarm_delete_guard_{table}", f"aarm_update_guard_{table}"]


@pytest.mark.case("APR-10", "RCP-33")
def test_sqlite_brings_no_approval_back(sqlite_connection: sqlite3.Connection) -> None:
    sqlite_connection.execute("PRAGMA foreign_keys = OFF")
    columns = sqlite_connection.execute("PRAGMA table_info(approvals_approvalrequest)").fetchall()
    text = {"id": "apr_1", "state": "PENDING", "source": "STEP_UP", "route": "{}", "receipt_sections": "{}"}
    values = [text.get(name, 1 if is_required else None) for _, name, _, is_required, *_ in columns]
    sqlite_connection.execute("BEGIN")
    places = ", ".join("?" * len(values))
    sqlite_connection.execute(f"INSERT INTO approvals_approvalrequest VALUES ({places})", values)
    sqlite_connection.execute("UPDATE approvals_approvalrequest SET state = 'DENIED'")
    with pytest.raises(sqlite3.IntegrityError, match="never changes"):
        sqlite_connection.execute("UPDATE approvals_approvalrequest SET state = 'PENDING'")
    sqlite_connection.execute("ROLLBACK")
