"""Explains what is wrong with this installation; exits 1 when something is."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from aarm_site.diagnosis import EVERY, notes
from aarm_site.health import found_by


class Command(BaseCommand):
    help = "Explains in sentences what is wrong with this installation."
    # A broken installation is what this is for.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        findings = [found_by(check) for check in EVERY]
        for finding in findings:
            mark = self.style.ERROR("wrong") if finding.problem else self.style.SUCCESS("good ")
            self.stdout.write(f"{mark}  {finding.name:<14}{finding.problem or finding.note}".rstrip())
        for note in notes():
            self.stdout.write(f"note   {note}")
        wrong = sum(bool(finding.problem) for finding in findings)
        self.stdout.write("Nothing is wrong." if not wrong else f"{wrong} of {len(findings)} checks failed.")
        if wrong:
            raise SystemExit(1)
