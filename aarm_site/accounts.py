"""What commands that change accounts share: a typed password, with nothing held open meanwhile, and a receipt."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from approvals.services.people import Person
from receipts.problems import ProblemError
from receipts.services import ensure_signing_key


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


@contextmanager
def on_record() -> Iterator[None]:
    """What is done here leaves a receipt, the first one of an installation perhaps. Raises CommandError."""
    try:
        ensure_signing_key()
        yield
    except ProblemError as problem:
        raise CommandError(f"{problem.why} {problem.fix}") from problem
