"""The public keys, from the command line of whoever runs the server: a source that doesn't pass through its web side."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from receipts.services.verification import published_jwks


class Command(BaseCommand):
    help = "The keys that receipts are signed with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        commands.add_parser("export", help="print the public keys as a JWK set, for the offline verifier")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(published_jwks(), indent=2))
