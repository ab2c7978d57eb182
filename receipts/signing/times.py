"""Moments as receipts and key files write them: RFC 3339, UTC, `Z`, always six digits of a second."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# Newer Pythons read 24:00 as the next day's midnight, which would be a second spelling of it.
_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


def format_time(moment: datetime) -> str:
    """`2026-11-03T09:15:00.000000Z`. Raises ValueError for a naive `moment`, whose instant nobody knows."""
    if moment.utcoffset() is None:
        raise ValueError("A moment without a time zone names no instant.")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def parse_time(text: object) -> datetime:
    """The aware instant that `format_time` wrote. Raises ValueError for any other spelling."""
    if not isinstance(text, str) or not _FORM.fullmatch(text):
        raise ValueError("A moment is written as 2026-11-03T09:15:00.000000Z.")
    return datetime.fromisoformat(text)
