"""Where a route leads to nobody: a stage without people, too few of them, or too few for all stages together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from approvals.lifecycle.directory import Directory
from approvals.lifecycle.quorum import Stage, is_reachable


class Fault(StrEnum):
    """What is wrong with a stage, or (`TOGETHER`) with all of them while each by itself is in order."""

    NOBODY = "nobody"
    TOO_FEW = "too_few"
    TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """Nothing that comes this way between `starts_at` and `ends_at` (aware; the end does not count) can be approved.

    `name` is the stage's, empty for `TOGETHER`; `wanted` and `there` count different people.
    """

    fault: Fault
    name: str
    wanted: int
    there: int
    starts_at: datetime
    ends_at: datetime


Found = Mapping[tuple[Fault, str], tuple[int, int]]


def dead_ends(
    stages: tuple[Stage, ...], *, directory: Directory, since: datetime, until: datetime
) -> tuple[DeadEnd, ...]:
    """Every dead end from `since` until `until`, in order of their beginning; neighbours with one fault are one."""
    names = [stage.group for stage in stages]
    instants = (since, *directory.changes(names, after=since, until=until), until)
    found: list[DeadEnd] = []
    for start, end in pairwise(instants):
        for (fault, name), (wanted, there) in _faults(stages, directory=directory, at=start).items():
            new = DeadEnd(fault, name, wanted=wanted, there=there, starts_at=start, ends_at=end)
            _join(found, new)
    return tuple(found)


def opened_by(before: Collection[DeadEnd], after: Collection[DeadEnd]) -> tuple[DeadEnd, ...]:
    """Those of `after` for a time in which the way wasn't closed before."""
    return tuple(each for each in after if not _was_closed(each, before=before))


def _was_closed(new: DeadEnd, *, before: Collection[DeadEnd]) -> bool:
    closed = sorted((each.starts_at, each.ends_at) for each in before)
    reached = new.starts_at
    for start, end in closed:
        if start <= reached:
            reached = max(reached, end)
    return reached >= new.ends_at


def _faults(stages: tuple[Stage, ...], *, directory: Directory, at: datetime) -> Found:
    roster = {stage.group: directory.people(stage.group, at=at) for stage in stages}
    counted = {stage: len(roster[stage.group]) for stage in stages}
    short = {
        (Fault.TOO_FEW if there else Fault.NOBODY, stage.group): (stage.count, there)
        for stage, there in counted.items()
        if there < stage.count
    }
    if short or is_reachable(stages, roster=roster, requester=None):
        return short
    people = frozenset[str]().union(*roster.values())
    return {(Fault.TOGETHER, ""): (sum(stage.count for stage in stages), len(people))}


def _join(found: list[DeadEnd], new: DeadEnd) -> None:
    for place, each in enumerate(found):
        if (each.fault, each.name, each.there, each.ends_at) == (new.fault, new.name, new.there, new.starts_at):
            found[place] = DeadEnd(new.fault, new.name, new.wanted, new.there, each.starts_at, new.ends_at)
            return
    found.append(new)
