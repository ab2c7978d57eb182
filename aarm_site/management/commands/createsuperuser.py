"""As Django's command of this name, with a receipt of the new account in the same transaction."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from aarm_site.accounts import on_record, typed_password
from approvals.services.people import Person, create_superuser


class Command(BaseCommand):
    help = "Creates an account that may administer everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", default=os.environ.get("DJANGO_SUPERUSER_USERNAME"))
        parser.add_argument("--email", default=os.environ.get("DJANGO_SUPERUSER_EMAIL"))
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="ask for nothing: the password is DJANGO_SUPERUSER_PASSWORD, without it nobody can sign in yet",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        is_asking = options["interactive"]
        username = options["username"] or (input("Username: ") if is_asking else "")
        person = Person(username=username, email=options["email"] or (input("Email address: ") if is_asking else ""))
        try:
            person.clean_fields(exclude=["password"])
            person.validate_unique()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        password = typed_password(person) if is_asking else os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        with on_record():
            create_superuser(username=person.username, email=person.email, password=password)
        self.stdout.write("Superuser created successfully.")
