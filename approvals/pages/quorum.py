"""How far a request has come, in seats."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.lifecycle.quorum import Tally


@dataclass(frozen=True, slots=True)
class Seat:
    """One of the approvals that a request needs."""

    is_filled: bool


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many approvals there are of how many."""

    given: int
    needed: int

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The filled ones first."""
        return tuple(Seat(is_filled=number < self.given) for number in range(self.needed))


def quorum_of(tally: Tally) -> Quorum:
    """The tally in numbers."""
    return Quorum(given=tally.given, needed=tally.needed)
