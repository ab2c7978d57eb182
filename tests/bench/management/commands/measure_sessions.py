"""Measures decisions in long sessions and prints what they took as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from tests.bench.session_cost import measure_sessions
from tests.bench.session_scale import Scale


class Command(BaseCommand):
    help = "Measures decisions in long sessions, in this process; prints JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lengths", type=int, nargs="+", required=True)
        parser.add_argument("--live", type=int, nargs="+", required=True)
        parser.add_argument("--turns", type=int, required=True)
        parser.add_argument("--warm-turns", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        scale = Scale(
            lengths=options["lengths"], live=options["live"], turns=options["turns"], warm_turns=options["warm_turns"]
        )
        self.stdout.write(json.dumps(asdict(measure_sessions(scale))))
