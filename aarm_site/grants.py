"""What the application's database role may do. It owns nothing, so that it can't lift the tables' guards (RCP-33)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import unquote, urlsplit

from django.db.backends.base.base import BaseDatabaseWrapper

READ = "SELECT"
ADD = "SELECT, INSERT"
CHANGE = "SELECT, INSERT, UPDATE, DELETE"
# What was migrated is the owner's affair; the application only looks.
READ_ONLY = ("django_migrations",)


def role_of(url: str) -> str:
    """The role that a database address signs in as."""
    return unquote(urlsplit(url).username or "")


def rights_on(table: str, *, insert_only: Collection[str]) -> str:
    """The rights that the application needs on `table`, and no more."""
    if table in READ_ONLY:
        return READ
    return ADD if table in insert_only else CHANGE


def statements(connection: BaseDatabaseWrapper, *, role: str, insert_only: Collection[str]) -> list[str]:
    """The grants for every table that there is, each table's old ones taken away first."""
    quote = connection.ops.quote_name
    to = quote(role)
    tables: Sequence[str] = sorted(connection.introspection.table_names())
    found = [f"GRANT USAGE ON SCHEMA public TO {to}"]
    for table in tables:
        found.append(f"REVOKE ALL ON {quote(table)} FROM {to}")
        found.append(f"GRANT {rights_on(table, insert_only=insert_only)} ON {quote(table)} TO {to}")
    found.append(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {to}")
    found.append(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {to}")
    return found
