"""The form on the sign-in page."""

from __future__ import annotations

from allauth.account.forms import LoginForm


class SignInForm(LoginForm):
    """Its field is called `username`, as password managers and everybody's scripts know it."""

    def add_prefix(self, field_name: str) -> str:
        """The field's name in the page."""
        return "username" if field_name == "login" else str(super().add_prefix(field_name))
