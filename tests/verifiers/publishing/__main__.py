"""Writes `edges.json`: where verifiers would differ, with the verdict that every one of them must give.

    python -m tests.verifiers.publishing > tests/vectors/receipts/edges.json

It shares no code with `receipts.signing`, and running it again gives the same file.
"""

from __future__ import annotations

import json
import sys

from tests.verifiers.publishing.case import KEYS, Json
from tests.verifiers.publishing.file_edges import file_cases
from tests.verifiers.publishing.json_edges import json_cases
from tests.verifiers.publishing.key_edges import key_cases
from tests.verifiers.publishing.member_edges import member_cases
from tests.verifiers.publishing.signature_edges import signature_cases
from tests.verifiers.publishing.witness_edges import witness_cases


def document() -> Json:
    """The whole file, as it is written."""
    about = "The edges of the format, and the verdicts that every verifier must give; docs/receipt-format.md has both."
    groups = (json_cases, member_cases, signature_cases, key_cases, file_cases, witness_cases)
    return {"about": about, "keys": KEYS, "cases": [item for group in groups for item in group()]}


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")
