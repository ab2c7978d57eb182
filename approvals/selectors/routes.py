"""The routes of the policy that holds, with who would be asked and where they end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from approvals.lifecycle.dead_ends import DeadEnd, dead_ends
from approvals.lifecycle.directory import Directory
from approvals.lifecycle.ladder import Rung, ladder
from approvals.lifecycle.parties import PartyKind, read_party
from approvals.models import User
from approvals.ports import NamedRoute, routes
from approvals.selectors.directory import whole_directory

LOOK_AHEAD = timedelta(days=30)
"""How far turns and absences are looked at: beyond it they are still being planned."""


@dataclass(frozen=True, slots=True)
class RoutePreview:
    """A route, what would happen on it, and the times in which nothing can be approved on it."""

    named: NamedRoute
    rungs: tuple[Rung, ...]
    dead_ends: tuple[DeadEnd, ...]


@dataclass(frozen=True, slots=True)
class Previews:
    """All routes, with the names of the accounts on their rungs."""

    routes: tuple[RoutePreview, ...]
    usernames: dict[str, str]


def previews(*, opened_at: datetime, now: datetime, human: str = "") -> Previews:
    """What would happen to requests that an agent of `human` opens at `opened_at`, and the dead ends from `now` on."""
    found = routes()
    until = max(opened_at + timedelta(seconds=longest(found)), now + LOOK_AHEAD)
    directory = whole_directory(names_in(found), requester=human, since=min(now, opened_at), until=until)
    named = directory if human.strip() else _without_relations(directory)
    shown = tuple(
        RoutePreview(
            named=each,
            rungs=ladder(each.route, directory=named, opened_at=opened_at),
            dead_ends=dead_ends(each.route.stages, directory=directory, since=now, until=now + LOOK_AHEAD),
        )
        for each in found
    )
    accounts = {asked.account for each in shown for rung in each.rungs for asked in rung.asked}
    holders = {asked.holder for each in shown for rung in each.rungs for asked in rung.asked}
    people = User.objects.filter(pk__in=accounts | holders).values_list("pk", "username")
    return Previews(shown, {str(pk): username for pk, username in people})


def _without_relations(directory: Directory) -> Directory:
    """Whose manager is asked isn't known before it is known whose agent asks."""
    members = {name: who for name, who in directory.members.items() if read_party(name).kind is not PartyKind.HUMAN}
    return replace(directory, members=members)


def dead_ends_now(found: tuple[NamedRoute, ...], *, at: datetime) -> dict[tuple[str, ...], tuple[DeadEnd, ...]]:
    """By the rules that ask so, the dead ends from `at` on. Routes with the same stages are looked at once."""
    until = at + LOOK_AHEAD
    directory = whole_directory(names_in(found), requester="", since=at, until=until)
    ends = {
        stages: dead_ends(stages, directory=directory, since=at, until=until)
        for stages in {each.route.stages for each in found}
    }
    return {each.rules: ends[each.route.stages] for each in found}


def names_in(found: tuple[NamedRoute, ...]) -> frozenset[str]:
    """Everybody whom these routes may ask, by the names in them."""
    return frozenset(name for each in found for name in each.route.parties)


def longest(found: tuple[NamedRoute, ...]) -> int:
    """The seconds after which all of them have ended."""
    return max((each.route.timeout_seconds for each in found), default=0)
