"""Asking whoever sits at the terminal for a new password, with nothing held open meanwhile."""

from __future__ import annotations

import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from approvals.services.people import Person


def typed_password(person: Person) -> str:
    """A password that was typed twice and isn't too weak for this person. Raises CommandError."""
    typed = getpass.getpass()
    if typed != getpass.getpass("Password (again): "):
        raise CommandError("The two passwords differ. Nothing was changed.")
    try:
        validate_password(typed, person)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return typed
