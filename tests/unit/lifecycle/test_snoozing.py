"""A request that is put aside comes back in half of its time, and before its escalation goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from approvals.lifecycle.snoozing import latest_end, offered_minutes

NOW = datetime(2026, 3, 7, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("left", "escalates", "longest", "offered"),
    [
        (60, None, 30, (15,)),
        (60, 40, 30, (15,)),
        (60, 10, 10, (10,)),
        (600, None, 300, (15, 60, 240)),
        (600, 60, 60, (15, 60)),
        (1, None, 0.5, ()),
        (60, -1, -1, ()),
    ],
)
def test_it_is_back_while_there_is_time(
    left: int, escalates: int | None, longest: float, offered: tuple[int, ...]
) -> None:
    step = None if escalates is None else NOW + escalates * MINUTE
    latest = latest_end(NOW, expires_at=NOW + left * MINUTE, escalates_at=step)

    assert latest == NOW + longest * MINUTE
    assert offered_minutes(NOW, latest=latest) == offered
