"""Fills the benchmark's database and says what is in it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from tests.bench.seeding import seed


class Command(BaseCommand):
    help = "Fills the benchmark's database; prints the agent's key and the sessions as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sessions", type=int, required=True)
        parser.add_argument("--actions", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(asdict(seed(sessions=options["sessions"], actions=options["actions"]))))
