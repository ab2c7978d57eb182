"""A worker process, for the shape with many processes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from aarm_site.celery import app


class Command(BaseCommand):
    help = "Runs a worker; start as many as you like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help="tasks at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        count = str(options["concurrency"])
        app.start(
            ["--quiet", "worker", "--pool", "threads", "--concurrency", count, "--without-gossip", "--without-mingle"]
        )
