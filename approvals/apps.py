"""A human decides, knowing what they decide."""

from __future__ import annotations

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        # Models exist only from here on.
        from django.contrib.auth.signals import user_logged_in

        from approvals.accounts.recency import note_sign_in
        from approvals.selectors.ledgers import LEDGERS
        from approvals.selectors.people import named, names_of, spellings_of
        from approvals.selectors.told import told_of_person
        from approvals.selectors.views import shown_view
        from approvals.services.erasure import end_requesters, erase_requester
        from approvals.services.pseudonyms import ERASERS, FORGETTERS, lock_account
        from receipts.erasers import register_ender, register_eraser, register_forgetter, register_locker
        from receipts.ledgers import register_ledgers
        from receipts.ports import register_directory, register_teller, register_views

        user_logged_in.connect(note_sign_in)
        register_ledgers(*LEDGERS)
        register_directory(names_of, finder=named, spelling=spellings_of)
        register_views(shown_view)
        register_locker(lock_account)
        register_teller(told_of_person)
        register_forgetter("requests", erase_requester)
        for name, eraser in ERASERS.items():
            register_eraser(name, eraser)
        for name, forgetter in FORGETTERS.items():
            register_forgetter(name, forgetter)
        register_ender("requests", end_requesters)
