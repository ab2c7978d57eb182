"""The levels of data, from the least to the most sensitive, regardless of case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from decisions.engine.folding import fold

STANDARD_NAMES = ("PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED")


@dataclass(frozen=True, slots=True)
class Levels:
    """An order of names, lowest first, and the rank of each by its folded name."""

    names: tuple[str, ...]
    ranks: Mapping[str, int]

    def rank(self, name: str) -> int | None:
        """The position of `name`, 0 for the lowest; None for a name that is no level."""
        return self.ranks.get(fold(name))

    def highest(self, names: Iterable[str]) -> int | None:
        """The highest rank among `names`, of which not all need be levels; None where none of them is."""
        return max((rank for name in names if (rank := self.rank(name)) is not None), default=None)


def levels_of(names: tuple[str, ...]) -> Levels:
    """The order that `names` stand in, of which there is at least one."""
    return Levels(names=names, ranks={fold(name): rank for rank, name in enumerate(names)})


STANDARD_LEVELS = levels_of(STANDARD_NAMES)
