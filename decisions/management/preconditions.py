"""What a command needs before it can begin, said in a sentence where it is missing."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor


def require_tables() -> None:
    """Raises CommandError unless the database can be reached and has every table of this version."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as error:
        raise CommandError(f"The database can't be reached: {error}".strip()) from error
    if missing:
        raise CommandError("The database's tables are missing or older than this version. First: ./run migrate.")
