"""May this action run?"""

from __future__ import annotations

from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "decisions"
    verbose_name = "Decisions"

    def ready(self) -> None:
        # Models exist only from here on.
        from approvals.ports import register_above
        from approvals.signals import approval_resolved
        from decisions.receivers import Behind, follow_denial
        from decisions.selectors.archives import (
            context_entries,
            policy_text,
            session_entry,
            session_length,
            session_record,
        )
        from decisions.selectors.ledgers import LEDGERS
        from decisions.selectors.names import named, names_of
        from decisions.selectors.told import told_of_human
        from decisions.services.erasure import ENDERS, ERASERS, FORGETTERS, lock_person
        from decisions.services.unrun import end_unrun
        from receipts.erasers import (
            register_ender,
            register_eraser,
            register_forgetter,
            register_locker,
            register_unrun_ender,
        )
        from receipts.ledgers import register_ledgers
        from receipts.ports import register_archives, register_directory, register_teller

        register_above(Behind())
        approval_resolved.connect(follow_denial)
        register_ledgers(*LEDGERS)
        register_locker(lock_person)
        for name, eraser in ERASERS.items():
            register_eraser(name, eraser)
        for name, forgetter in FORGETTERS.items():
            register_forgetter(name, forgetter)
        for name, ender in ENDERS.items():
            register_ender(name, ender)
        register_unrun_ender(end_unrun)
        register_directory(names_of, finder=named)
        register_teller(told_of_human)
        register_archives(
            policies=policy_text,
            sessions=session_record,
            lengths=session_length,
            entries=session_entry,
            contexts=context_entries,
        )
