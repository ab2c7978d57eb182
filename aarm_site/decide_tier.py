"""What the tier that only decides does without."""

from __future__ import annotations

from allauth.account.apps import AccountConfig


class AccountsWithoutPages(AccountConfig):  # type: ignore[misc]  # the library has no annotations
    """The tables of people's accounts, without the middleware that its pages want on every request."""

    def ready(self) -> None:
        """Nothing to get ready."""
