"""May this action run?"""

from __future__ import annotations

from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "decisions"
    verbose_name = "Decisions"

    def ready(self) -> None:
        # Models exist only from here on.
        from approvals.ports import register_above
        from decisions.receivers import IdentityPort
        from decisions.selectors import names_of
        from receipts.ports import register_directory

        register_above(IdentityPort())
        register_directory(names_of)
