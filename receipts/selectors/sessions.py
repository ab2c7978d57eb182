"""The chain of one session's receipts."""

from __future__ import annotations

from receipts.models import Chain


def chain_length(stream: str) -> int:
    """How many receipts the stream has by the row that orders it."""
    return Chain.objects.filter(pk=stream).values_list("length", flat=True).first() or 0
