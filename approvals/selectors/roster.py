"""Who may vote: those whom a route names and who may review, or who stands in for them, and who is never counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import Group
from django.db.models import Q

from approvals.lifecycle.delegation import Delegation as Standing
from approvals.lifecycle.delegation import stand_in
from approvals.lifecycle.directory import Directory
from approvals.lifecycle.parties import PartyKind, read_party
from approvals.lifecycle.quorum import is_reachable
from approvals.lifecycle.route import Route
from approvals.models import User
from approvals.selectors.directory import delegations_between, directory_of
from approvals.selectors.members import Asked, best_attended, members_of, reviewers
from approvals.selectors.persons import accounts_named, is_named, is_same_person, persons_among
from receipts.clock import database_now

__all__ = ["REVIEW", "Eligibility", "Roster", "is_same_person"]

REVIEW = "approvals.review"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The names in a route as which somebody may vote, and in whose place: an account's number."""

    parties: frozenset[str]
    holder: int


@dataclass(frozen=True, slots=True)
class Roster:
    """For each name in a route the accounts that may vote as it, each with the account whose place that is."""

    places: Mapping[str, Mapping[int, int]]

    def eligibility(self, account: int) -> Eligibility | None:
        """As what this account may vote; one's own place comes before another's, and of those the first."""
        holders = sorted({places[account] for places in self.places.values() if account in places})
        if not holders:
            return None
        holder = account if account in holders else holders[0]
        mine = {name for name, places in self.places.items() if places.get(account) == holder}
        return Eligibility(parties=frozenset(mine), holder=holder)

    @property
    def accounts(self) -> frozenset[int]:
        """Everybody who may vote."""
        return frozenset(account for places in self.places.values() for account in places)


def is_requester(person: User, *, requester: str) -> bool:
    """Whether the person who asked and this account are the same, by address, by name or by link (APR-07, APR-08)."""
    return is_named(person, name=requester) or person.pk in accounts_named(requester)


def roster_at(names: Collection[str], *, requester: str, at: datetime, request_id: str = "") -> Roster:
    """Who may vote as each of `names` at `at`. The requester's places are nobody's, also not a deputy's."""
    directory = directory_of(names, requester=requester, since=at, until=at)
    return roster_in(directory, names=names, at=at, request_id=request_id)


def roster_in(directory: Directory, *, names: Collection[str], at: datetime, request_id: str = "") -> Roster:
    """The same of people who were looked up already."""
    places = {name: directory.places(name, at=at, request=request_id) for name in names}
    return Roster({name: {int(account): int(holder) for account, holder in by.items()} for name, by in places.items()})


def delegations_at(at: datetime) -> list[Standing]:
    """The delegations in force, as the pure rules know them."""
    return delegations_between(at, at)


def has_enough_reviewers(*, route: Route, requester: str, at: datetime) -> bool:
    """Whether the people there are now could approve at all; if not, asking would only wait (APR-19)."""
    names = tuple(stage.group for stage in route.stages)
    roster = roster_at(names, requester=requester, at=at)
    accounts = User.objects.filter(pk__in={holder for places in roster.places.values() for holder in places.values()})
    persons = persons_among(accounts)
    people = {name: frozenset(persons[holder] for holder in places.values()) for name, places in roster.places.items()}
    return is_reachable(route.stages, roster=people, requester=None)


def reviewers_by_group(*, asked: Collection[str]) -> dict[str, int]:
    """How many people may vote as each name in `asked` that means something, and as each group that is no role."""
    teams = Group.objects.filter(Q(name__in=list(asked)) | Q(permissions__isnull=True)).values_list("name", flat=True)
    others = {name for name in asked if read_party(name).kind is not PartyKind.GROUP}
    there = frozenset(reviewers().values_list("pk", flat=True))
    members = members_of({*teams, *others}, asked=Asked(human="", at=None))
    return {name: _most(name, accounts & there) for name, accounts in members.items() if name in teams or accounts} | {
        f"{PartyKind.HUMAN.value}:{relation}": len(people) for relation, people in best_attended().items()
    }


def _most(name: str, accounts: frozenset[int]) -> int:
    # However many take turns, one of them is on call.
    return min(len(accounts), 1) if read_party(name).kind is PartyKind.SCHEDULE else len(accounts)


def represented_by(user: User) -> tuple[set[int], set[str]]:
    """Whose places this person takes now: accounts, their own among them, and single requests passed on to them."""
    at = database_now()
    standing = delegations_at(at)
    general = {each.person for each in standing if not each.request}
    away = {person for person in general if stand_in(person, delegations=standing, at=at, request="") == str(user.pk)}
    passed_on = {each.request for each in standing if each.request and each.deputy == str(user.pk)}
    return {user.pk, *map(int, away)}, passed_on
