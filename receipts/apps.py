"""The lowest app: it knows no other."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from receipts.clock import register_sqlite_clock
from receipts.pattern_indexes import drop_pattern_indexes
from receipts.protection import protect
from receipts.words import keep_words


def _finish_tables(sender: AppConfig, *, using: str, **kwargs: Any) -> None:
    drop_pattern_indexes(connections[using])
    protect(connections[using])
    keep_words(connections[using])


class ReceiptsConfig(AppConfig):
    name = "receipts"
    verbose_name = "Receipts"

    def ready(self) -> None:
        # Models exist only from here on.
        from receipts.erasers import register_ender, register_eraser
        from receipts.ledgers import register_ledgers
        from receipts.selectors.exports import LEDGER
        from receipts.services.questions import ENDERS, ERASERS
        from receipts.services.spoken import erase_words

        register_ledgers(LEDGER)
        for name, eraser in ERASERS.items():
            register_eraser(name, eraser)
        register_eraser("words", erase_words)
        for name, ender in ENDERS.items():
            register_ender(name, ender)
        connection_created.connect(register_sqlite_clock, dispatch_uid="aarm-clock")
        # Django sends this once an app after all migrations have run; one app's turn is enough.
        post_migrate.connect(_finish_tables, sender=self, dispatch_uid="aarm-tables")
