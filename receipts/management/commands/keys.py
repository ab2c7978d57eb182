"""The signing key, for whoever runs the server: a way to it that doesn't lead through the web side."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from receipts.selectors import published_jwks
from receipts.services import ensure_signing_key


class Command(BaseCommand):
    help = "The keys that receipts are signed with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        commands.add_parser("create", help="make the signing key if there is none, and publish its public half")
        commands.add_parser("export", help="print the public keys as a JWK set, for the offline verifier")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["subcommand"] == "create":
            self.stdout.write(ensure_signing_key())
        else:
            self.stdout.write(json.dumps(published_jwks(), indent=2))
