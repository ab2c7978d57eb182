"""What a command needs before it can begin, said in a sentence where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from receipts.problems import ProblemError


def require_tables() -> None:
    """Raises CommandError unless the database can be reached and has every table of this version."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as error:
        raise CommandError(f"The database can't be reached: {error}".strip()) from error
    if missing:
        raise CommandError("The database's tables are missing or older than this version. First: ./run migrate.")


@contextmanager
def problems_as_sentences() -> Iterator[None]:
    """What a service refuses, as a command says it."""
    try:
        yield
    except ProblemError as problem:
        raise CommandError(f"{problem.why} {problem.fix}") from problem
