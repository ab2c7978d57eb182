"""Looking up once who there is, so that any instant can be asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from approvals.lifecycle.delegation import Delegation as Standing
from approvals.lifecycle.directory import Directory
from approvals.lifecycle.parties import PartyKind, read_party
from approvals.lifecycle.schedule import Schedule as Turns
from approvals.models import Delegation, Schedule, User
from approvals.selectors.members import Asked, best_attended, members_of, reviewers, schedule_of
from approvals.selectors.persons import accounts_named, persons_among


def directory_of(names: Collection[str], *, requester: str, since: datetime, until: datetime) -> Directory:
    """Who stands behind `names` from `since` until `until`, both included, for a request of this person's."""
    turning = {name for name in names if read_party(name).kind is PartyKind.SCHEDULE}
    members = members_of(set(names) - turning, asked=Asked(human=requester, at=None))
    return Directory(
        members={name: _texts(accounts) for name, accounts in members.items()},
        schedules=_schedules(turning),
        able=_texts(reviewers().values_list("pk", flat=True)),
        own=_texts(accounts_named(requester)),
        delegations=tuple(delegations_between(since, until)),
    )


def whole_directory(names: Collection[str], *, requester: str, since: datetime, until: datetime) -> Directory:
    """The same with whose accounts are one person's, which counting people takes. Where nobody is named as requester,
    those behind `human:…` are those of the human who has most."""
    found = directory_of(names, requester=requester, since=since, until=until)
    persons = {str(account): person for account, person in persons_among(User.objects.filter(is_active=True)).items()}
    relations = {name: read_party(name) for name in names}
    unnamed = {} if requester.strip() else best_attended()
    best = {
        name: _texts(unnamed.get(party.name, ()))
        for name, party in relations.items()
        if party.kind is PartyKind.HUMAN and unnamed
    }
    return replace(found, members={**found.members, **best}, persons=persons)


def delegations_between(since: datetime, until: datetime) -> list[Standing]:
    """The delegations that are in force at some time between, as the pure rules know them."""
    rows = Delegation.objects.filter(starts_at__lte=until, ends_at__gt=since)
    return [row.as_rule() for row in rows]


def _schedules(names: Collection[str]) -> dict[str, Turns]:
    by_name = {read_party(name).name: name for name in names}
    if not by_name:
        return {}
    rows = Schedule.objects.filter(name__in=by_name).prefetch_related("turns", "covers")
    return {by_name[row.name]: schedule_of(row) for row in rows}


def _texts(accounts: Iterable[int]) -> frozenset[str]:
    return frozenset(map(str, accounts))
