"""What would happen to a request if nobody answered: who is asked when, by the clock, until silence denies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from approvals.lifecycle.directory import Directory
from approvals.lifecycle.route import Route


class RungKind(StrEnum):
    """Why something happens: the request was opened, a step of the escalation is due, somebody comes to stand behind a
    name that is asked already, or the time is over."""

    OPENED = "opened"
    ESCALATED = "escalated"
    JOINED = "joined"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Asked:
    """`account` is asked as `name`; in the place of `holder`, where that is another one."""

    name: str
    account: str
    holder: str


@dataclass(frozen=True, slots=True)
class Rung:
    """At `at` (aware) those behind `names` are asked. `asked` are those among them who weren't before, and `empty` the
    names behind which nobody stands just then."""

    at: datetime
    kind: RungKind
    names: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()
    empty: tuple[str, ...] = ()


def ladder(route: Route, *, directory: Directory, opened_at: datetime) -> tuple[Rung, ...]:
    """The rungs of a request that is opened at `opened_at` (aware), in order; the last one denies.

    Each account is asked once. Where somebody joins whom the request had asked before, there is no rung.
    """
    seen: set[str] = set()
    rungs: list[Rung] = []
    for at, kind, names in _happenings(route, directory=directory, opened_at=opened_at):
        asked = tuple(_newly_asked(names, directory=directory, at=at, seen=seen))
        if asked or kind is not RungKind.JOINED:
            empty = tuple(name for name in names if not directory.places(name, at=at))
            rungs.append(Rung(at, kind, names, asked, empty))
    return (*rungs, Rung(route.expires_at(opened_at), RungKind.DENIED))


def _happenings(
    route: Route, *, directory: Directory, opened_at: datetime
) -> Iterator[tuple[datetime, RungKind, tuple[str, ...]]]:
    names = tuple(stage.group for stage in route.stages)
    bounds = [route.step_at(number, opened_at=opened_at) for number in range(1, len(route.escalation) + 1)]
    steps: list[tuple[datetime, RungKind, tuple[str, ...]]] = [(opened_at, RungKind.OPENED, names)]
    steps += [(at, RungKind.ESCALATED, step.parties) for at, step in zip(bounds, route.escalation, strict=True)]
    ends = (*bounds, route.expires_at(opened_at))
    active: tuple[str, ...] = ()
    for (at, kind, parties), end in zip(steps, ends, strict=True):
        yield at, kind, parties
        active = tuple(dict.fromkeys([*active, *parties]))
        for change in directory.changes(active, after=at, until=end):
            yield change, RungKind.JOINED, active


def _newly_asked(names: tuple[str, ...], *, directory: Directory, at: datetime, seen: set[str]) -> Iterator[Asked]:
    for name in names:
        for account, holder in directory.places(name, at=at).items():
            if account not in seen:
                seen.add(account)
                yield Asked(name, account, holder)
