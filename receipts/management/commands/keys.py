"""The public keys, for whoever runs the server: a way to them that doesn't lead through its web side."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from receipts.selectors import published_jwks


class Command(BaseCommand):
    help = "The keys that receipts are signed with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        commands.add_parser("export", help="print the public keys as a JWK set, for the offline verifier")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(published_jwks(), indent=2))
