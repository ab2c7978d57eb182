"""Moments and time zones: RFC 3339, and the wall clocks of the IANA database that comes with the `tzdata` package.

The package rather than the machine's own files, so that the same policy reads the same clock everywhere.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)

GRAMMAR = "a time with a zone, such as `2026-11-23T09:00:00+01:00` or `2026-11-23T08:00:00Z`"


def parse_time(text: str) -> datetime | None:
    """The moment in `text` (aware, UTC), or None where it is no RFC 3339 time or one outside the years 1 to 9999."""
    if _RFC_3339.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@cache
def zone_names() -> frozenset[str]:
    """Every name of the IANA database, links such as `UTC` included."""
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())


@cache
def zone_of(name: str) -> ZoneInfo:
    """The clock of a zone, which `zone_names` must name."""
    data = files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    return ZoneInfo.from_file(BytesIO(data), key=name)
