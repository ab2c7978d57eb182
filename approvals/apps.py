"""A human decides, knowing what they decide."""

from __future__ import annotations

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        # Models exist only from here on.
        from approvals.selectors import names_of
        from receipts.ports import register_directory

        register_directory(names_of)
