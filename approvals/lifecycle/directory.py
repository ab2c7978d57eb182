"""Who there is: from what was looked up once, who may vote as each name of a route at any instant, and when it changes.

People are accounts' numbers as text, as in schedules and delegations.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from approvals.lifecycle.delegation import Delegation, stand_in
from approvals.lifecycle.schedule import Schedule, next_change, on_call


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything that leads from names to people.

    `members` are those behind each name whom the clock doesn't change, `schedules` the turns behind the others; a name
    in neither has nobody. `able` may review at all, `own` are the requester's accounts. `persons` says whose accounts
    are one person's; an account that it lacks is a person by itself.
    """

    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    able: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    delegations: tuple[Delegation, ...] = ()
    persons: Mapping[str, str] = field(default_factory=dict)

    def behind(self, name: str, *, at: datetime) -> frozenset[str]:
        """The accounts behind `name` at `at` (aware), whether or not they may review or are away."""
        if name not in self.schedules:
            return self.members.get(name, frozenset())
        person = on_call(self.schedules[name], at=at)
        return frozenset({person} if person else ())

    def places(self, name: str, *, at: datetime, request: str = "") -> dict[str, str]:
        """Who may vote as `name` at `at`, each with the account whose place that is.

        The requester's places are nobody's, also not a deputy's; and whoever isn't there any more has no place that a
        deputy could take. Somebody with a place of their own doesn't take another's.
        """
        behind, there = self.behind(name, at=at), self.able - self.own
        found: dict[str, str] = {}
        for holder in sorted(behind & there, key=_by_number):
            account = stand_in(holder, delegations=self.delegations, at=at, request=request)
            if account in there:
                found[account] = account if account in behind else holder
        return found

    def people(self, name: str, *, at: datetime) -> frozenset[str]:
        """The different persons whose places those are."""
        return frozenset(self.persons.get(holder, holder) for holder in self.places(name, at=at).values())

    def changes(self, names: Collection[str], *, after: datetime, until: datetime) -> tuple[datetime, ...]:
        """The instants between the two (aware; both excluded) at which other people may come to stand behind `names`,
        in order and in UTC."""
        turns = {bound for name in names if name in self.schedules for bound in self._turns(name, after, until)}
        bounds = {bound.astimezone(UTC) for each in self.delegations for bound in (each.starts_at, each.ends_at)}
        return tuple(sorted(bound for bound in turns | bounds if after < bound < until))

    def _turns(self, name: str, after: datetime, until: datetime) -> tuple[datetime, ...]:
        found: list[datetime] = []
        bound = next_change(self.schedules[name], after=after)
        while bound is not None and bound < until:
            found.append(bound)
            bound = next_change(self.schedules[name], after=bound)
        return tuple(found)


def _by_number(account: str) -> tuple[int, str]:
    # As numbers, so that of two whose deputy is one person it is always the older account's place.
    return len(account), account
