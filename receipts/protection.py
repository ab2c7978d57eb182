"""The database itself refuses to change facts: insert-only tables and terminal states, on both engines.

Triggers are (re)installed after every `migrate`, because SQLite drops a table's triggers when Django alters the table.
PostgreSQL fires them also for replication roles (`ENABLE ALWAYS`), refuses TRUNCATE, and production's application role
owns no table, so that it can't disable them (RCP-33).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from receipts.clock import POSTGRESQL_FUNCTION


@dataclass(frozen=True, slots=True)
class StateGuard:
    """`column` of `table` never leaves one of `terminal`."""

    table: str
    column: str
    terminal: tuple[str, ...]


def insert_only_tables() -> list[str]:
    """Tables whose model says `insert_only = True`, in name order."""
    return sorted(model._meta.db_table for model in apps.get_models() if getattr(model, "insert_only", False))


def state_guards() -> list[StateGuard]:
    """What the models say of their terminal states."""
    found = [getattr(model, "state_guard", None) for model in apps.get_models()]
    return [guard for guard in found if isinstance(guard, StateGuard)]


_POSTGRESQL_REFUSE = """
CREATE OR REPLACE FUNCTION aarm_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$
"""


def _postgresql_insert_only(table: str) -> list[str]:
    return [
        f'DROP TRIGGER IF EXISTS aarm_row_guard ON "{table}"',
        f'CREATE TRIGGER aarm_row_guard BEFORE UPDATE OR DELETE ON "{table}" '
        "FOR EACH ROW EXECUTE FUNCTION aarm_refuse()",
        f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER aarm_row_guard',
        f'DROP TRIGGER IF EXISTS aarm_truncate_guard ON "{table}"',
        f'CREATE TRIGGER aarm_truncate_guard BEFORE TRUNCATE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION aarm_refuse()",
        f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER aarm_truncate_guard',
    ]


def _postgresql_state(guard: StateGuard) -> list[str]:
    terminal = ", ".join(f"'{state}'" for state in guard.terminal)
    changed = f"OLD.{guard.column} IN ({terminal}) AND OLD.{guard.column} IS DISTINCT FROM NEW.{guard.column}"
    return [
        f'DROP TRIGGER IF EXISTS aarm_state_guard ON "{guard.table}"',
        f'CREATE TRIGGER aarm_state_guard BEFORE UPDATE ON "{guard.table}" '
        f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION aarm_refuse()",
        f'ALTER TABLE "{guard.table}" ENABLE ALWAYS TRIGGER aarm_state_guard',
    ]


def _sqlite_insert_only(table: str) -> list[str]:
    return [
        statement
        for event in ("update", "delete")
        for statement in (
            f'DROP TRIGGER IF EXISTS "aarm_{event}_guard_{table}"',
            f'CREATE TRIGGER "aarm_{event}_guard_{table}" BEFORE {event.upper()} ON "{table}" '
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        )
    ]


def _sqlite_state(guard: StateGuard) -> list[str]:
    terminal = ", ".join(f"'{state}'" for state in guard.terminal)
    return [
        f'DROP TRIGGER IF EXISTS "aarm_state_guard_{guard.table}"',
        f'CREATE TRIGGER "aarm_state_guard_{guard.table}" BEFORE UPDATE ON "{guard.table}" '
        f"WHEN OLD.{guard.column} IN ({terminal}) AND OLD.{guard.column} <> NEW.{guard.column} "
        f"BEGIN SELECT RAISE(ABORT, 'a terminal state of {guard.table} never changes'); END",
    ]


_DIALECTS = {
    "postgresql": ([POSTGRESQL_FUNCTION, _POSTGRESQL_REFUSE], _postgresql_insert_only, _postgresql_state),
    "sqlite": ([], _sqlite_insert_only, _sqlite_state),
}


def protect(using: BaseDatabaseWrapper = connection) -> None:
    """Installs every guard, replacing what is there. Needs the role that owns the tables."""
    first, insert_only, state = _DIALECTS[using.vendor]
    existing = set(using.introspection.table_names())
    statements = list(first)
    for table in insert_only_tables():
        statements += insert_only(table) if table in existing else []
    for guard in state_guards():
        statements += state(guard) if guard.table in existing else []
    with using.schema_editor() as editor:
        for statement in statements:
            # Without this `None` Django would read the percent sign of RAISE as a placeholder.
            editor.execute(statement, params=None)


def _present(using: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    """(table, trigger) pairs that exist and are always enabled."""
    with using.cursor() as cursor:
        if using.vendor == "sqlite":
            cursor.execute("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE t.tgenabled = 'A' AND n.nspname = current_schema()"
            )
        return {(table, name) for table, name in cursor.fetchall()}


def missing_protection(using: BaseDatabaseWrapper = connection) -> list[str]:
    """Guards that ought to be there and are not, as `table: guard`. An empty list is the healthy answer."""
    is_sqlite = using.vendor == "sqlite"
    names = ("aarm_update_guard_{}", "aarm_delete_guard_{}") if is_sqlite else ("aarm_row_guard", "aarm_truncate_guard")
    wanted = {(table, name.format(table)) for table in insert_only_tables() for name in names}
    state = "aarm_state_guard_{}" if is_sqlite else "aarm_state_guard"
    wanted |= {(guard.table, state.format(guard.table)) for guard in state_guards()}
    return sorted(f"{table}: {name}" for table, name in wanted - _present(using))
