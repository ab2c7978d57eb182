"""As Django's command of this name, with a receipt that a password was changed in the same transaction."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aarm_site.accounts import on_record, typed_password
from approvals.services.people import Person, change_password


class Command(BaseCommand):
    help = "Gives somebody a new password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(username=options["username"]).first()
        if person is None:
            raise CommandError(f"Nobody has the username {options['username']}.")
        password = typed_password(person)
        with on_record():
            change_password(person, password=password)
        self.stdout.write(f"The password of {person} was changed.")
