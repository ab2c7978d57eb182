"""Envelopes as they were signed, one JSON object a line."""

from __future__ import annotations

from receipts.models import Receipt
from receipts.selectors.search import signed_form
from receipts.signing.canonical import canonical_bytes


def jsonl_line(receipt: Receipt) -> bytes:
    """A receipt as a line, with its end."""
    return canonical_bytes(signed_form(receipt)) + b"\n"
