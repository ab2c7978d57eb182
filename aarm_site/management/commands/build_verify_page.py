"""`./run build_verify_page`: writes verify.html anew, after a change to the verifier in JavaScript."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from aarm_site.verify_page import TARGET, verify_page


class Command(BaseCommand):
    help = "Write verify.html, the offline verifier in one file, from its modules."

    def handle(self, **options: Any) -> None:
        TARGET.write_text(verify_page(), "utf-8")
        self.stdout.write(f"Wrote {TARGET}")
