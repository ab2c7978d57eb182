"""A scheduler process, for the shape with many processes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from aarm_site.celery import app


class Command(BaseCommand):
    help = "Runs the scheduler. Two of them do no harm: what a tick starts is done once."

    def handle(self, *args: Any, **options: Any) -> None:
        app.start(["--quiet", "beat", "--scheduler", "celery.beat:Scheduler"])
