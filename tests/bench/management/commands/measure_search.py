"""Fills the benchmark's database with receipts, or measures searching them and prints it as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tests.bench.searching import measure, populate


class Command(BaseCommand):
    help = "Fills the benchmark's database with receipts, or measures searching them; prints JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--populate", type=int, default=0, help="write so many, and measure nothing")
        parser.add_argument("--times", type=int, default=10)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["populate"]:
            populate(options["populate"])
        else:
            self.stdout.write(json.dumps(measure(times=options["times"])))
