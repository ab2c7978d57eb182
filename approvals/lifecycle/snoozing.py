"""How long somebody may put a request out of their own sight: it comes back while there is time to decide it."""

from __future__ import annotations

from datetime import datetime

USUAL = (15, 60, 240)
"""Minutes."""


def latest_end(at: datetime, *, expires_at: datetime, escalates_at: datetime | None) -> datetime:
    """Until when it may stay away: half of the time that is left, and never past the next step of its escalation."""
    half = at + (expires_at - at) / 2
    return half if escalates_at is None else min(half, escalates_at)


def offered_minutes(at: datetime, *, latest: datetime) -> tuple[int, ...]:
    """The usual lengths that end by `latest`; where none does the whole minutes that are left, if there is one."""
    most = int((latest - at).total_seconds() // 60)
    fitting = tuple(minutes for minutes in USUAL if minutes <= most)
    return fitting or ((most,) if most > 0 else ())
