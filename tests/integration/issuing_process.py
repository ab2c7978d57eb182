"""A process that issues receipts in turn on every stream it is given, until its standard input ends.

    python -m tests.integration.issuing_process STREAM …

It prints one line at its start, and at its end how many receipts it issued and which problems it met.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
from collections import Counter

import django


def issue_until_told(streams: list[str]) -> dict[str, object]:
    """One receipt a transaction, as decisions do."""
    from django.db import transaction

    from receipts.clock import database_now
    from receipts.problems import ProblemError
    from receipts.services import issue_receipt
    from receipts.signing.statement import ReceiptType

    told, issued, problems = threading.Event(), 0, Counter[str]()

    def listen() -> None:
        sys.stdin.read()
        told.set()

    threading.Thread(target=listen, daemon=True).start()
    for stream in itertools.cycle(streams):
        if told.is_set():
            return {"issued": issued, "problems": problems}
        try:
            with transaction.atomic():
                issue_receipt(type=ReceiptType.DECISION, stream=stream, body={}, at=database_now())
            issued += 1
        except ProblemError as problem:
            problems[problem.code] += 1
    raise AssertionError("There is no stream.")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aarm_site.settings.test")
    django.setup()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdout.write(json.dumps(issue_until_told(sys.argv[1:])) + "\n")
