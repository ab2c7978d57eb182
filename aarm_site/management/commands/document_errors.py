"""Prints `docs/errors.md` from the codes themselves."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from aarm_site.codes import as_markdown


class Command(BaseCommand):
    help = "Prints the page of all problem codes; redirect it to docs/errors.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(as_markdown(), ending="")
