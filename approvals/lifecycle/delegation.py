"""Who votes in the place of somebody who is away: one deputy, at most two steps on, and never in a circle."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from approvals.lifecycle.errors import DelegationError

MOST_STEPS = 2


@dataclass(frozen=True, slots=True)
class Delegation:
    """`deputy` votes in `person`'s place from `starts_at` until `ends_at` (aware; the end does not count).

    With a `request` it holds for that request only. Raises `DelegationError` for a deputy of oneself and for an end
    that is not after the beginning.
    """

    person: str
    deputy: str
    starts_at: datetime
    ends_at: datetime
    request: str = ""

    def __post_init__(self) -> None:
        if self.person == self.deputy:
            raise DelegationError("Nobody is their own deputy.", fix="Name somebody else.")
        if self.starts_at >= self.ends_at:
            raise DelegationError("A delegation ends before it begins.", fix="Let it end after it begins.")

    def holds(self, *, at: datetime, request: str) -> bool:
        """Whether it is in force at `at` for `request`."""
        return self.starts_at <= at < self.ends_at and self.request in ("", request)


def stand_in(person: str, *, delegations: Collection[Delegation], at: datetime, request: str) -> str | None:
    """Who votes in `person`'s place at `at`: the person, or a deputy, or a deputy's deputy.

    None where that leads in a circle or further than two steps: then nobody votes in this place. Of several delegations
    the one that began last counts, then the first by name.
    """
    here = person
    seen = {person}
    for _ in range(MOST_STEPS + 1):
        deputy = _deputy_of(here, delegations=delegations, at=at, request=request)
        if deputy is None:
            return here
        if deputy in seen:
            return None
        seen.add(deputy)
        here = deputy
    return None


def check_delegation(new: Delegation, *, others: Collection[Delegation]) -> None:
    """Raises `DelegationError` where `new` together with `others` could lead in a circle or too far while it lasts."""
    together = (*others, new)
    starts = {new.starts_at} | {each.starts_at for each in others if new.starts_at <= each.starts_at < new.ends_at}
    for at in sorted(starts):
        for person in sorted({each.person for each in together}):
            if stand_in(person, delegations=together, at=at, request=new.request) is None:
                raise DelegationError(
                    "The deputies would stand in for each other, or too many for one another.",
                    fix=f"Name somebody who is there; a chain has at most {MOST_STEPS} deputies.",
                )


def _deputy_of(person: str, *, delegations: Collection[Delegation], at: datetime, request: str) -> str | None:
    mine = [each for each in delegations if each.person == person and each.holds(at=at, request=request)]
    newest = sorted(mine, key=lambda each: (-each.starts_at.timestamp(), each.deputy))
    return newest[0].deputy if newest else None
