"""Measures where one decision's time goes and prints it as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from tests.bench.profiling import profile_decide


class Command(BaseCommand):
    help = "Measures where one decision's time goes, in this process; prints JSON."
    # The tier that serves agents alone has no middleware for pages, which the admin's checks would miss.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--session", required=True)
        parser.add_argument("--agent-key", required=True)
        parser.add_argument("--requests", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        profile = profile_decide(
            session_id=options["session"], agent_key=options["agent_key"], requests=options["requests"]
        )
        self.stdout.write(json.dumps(asdict(profile)))
