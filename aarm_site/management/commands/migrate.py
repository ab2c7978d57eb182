"""Django's `migrate`, run as the role that owns the tables where the environment names one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections, transaction

from aarm_site.grants import role_of, statements
from aarm_site.settings.base import database
from aarm_site.settings.env import read_environment
from receipts.protection import insert_only_tables

ALIAS = "default"


def connect_as_owner(url: str) -> None:
    """Lets this process's connection sign in as the owner from now on. A migration is a process of its own."""
    connections[ALIAS].close()
    connections.settings[ALIAS].update({"OPTIONS": {}} | database(url))
    del connections[ALIAS]


def grant_to(role: str) -> None:
    """Gives the application's role its rights on what now exists."""
    connection = connections[ALIAS]
    with transaction.atomic(using=ALIAS), connection.cursor() as cursor:
        for statement in statements(connection, role=role, insert_only=insert_only_tables()):
            cursor.execute(statement)


class Command(migrate.Command):
    """Creates and changes the tables, then grants the application what it needs."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        owner = settings.AARM_MIGRATION_DATABASE_URL
        if not owner:
            return self._migrate(*args, **options)
        role = role_of(read_environment().database_url)
        if role in ("", role_of(owner)):
            raise CommandError("AARM_MIGRATION_DATABASE_URL and DATABASE_URL must sign in as two different roles.")
        connect_as_owner(owner)
        answer = self._migrate(*args, **options)
        grant_to(role)
        return answer

    def _migrate(self, *args: Any, **options: Any) -> str | None:
        answer = super().handle(*args, **options)
        # The table in which attempts to sign in are counted has no model, and so no migration.
        call_command("createcachetable", verbosity=0)
        return answer
