"""When nobody is on call who could vote: the gaps of schedules, as far ahead as turns are looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from approvals.lifecycle.dead_ends import dead_ends
from approvals.lifecycle.parties import PartyKind, read_party
from approvals.lifecycle.quorum import Stage
from approvals.selectors.directory import directory_of
from approvals.selectors.routes import LOOK_AHEAD
from receipts.clock import database_now

Times = tuple[tuple[datetime, datetime], ...]


def gaps_ahead(names: Collection[str]) -> Mapping[str, Times]:
    """Of the schedules among these names of a route those with gaps (aware, from and to), from now on."""
    turning = sorted(name for name in names if read_party(name).kind is PartyKind.SCHEDULE)
    if not turning:
        return {}
    since = database_now()
    until = since + LOOK_AHEAD
    directory = directory_of(turning, requester="", since=since, until=until)
    found = {
        name: tuple(
            (end.starts_at, end.ends_at)
            for end in dead_ends((Stage(name, 1),), directory=directory, since=since, until=until)
        )
        for name in turning
    }
    return {name: times for name, times in found.items() if times}
