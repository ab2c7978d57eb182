"""What is measured of long sessions, for those who ask for it and those who do it. It needs no settings."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BEFORE = 100
"""The length that the others are held against."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What is measured: lengths, numbers of sessions live, and how many turns after those that are not counted."""

    lengths: Sequence[int]
    live: Sequence[int]
    turns: int
    warm_turns: int = 20


@dataclass(frozen=True, slots=True)
class Found:
    """Milliseconds of every decision by length and by number of sessions live; `others` is who else was busy."""

    lengths: Mapping[int, Sequence[float]]
    live: Mapping[int, Sequence[float]]
    state_bytes: Mapping[int, int]
    others: float


def median_ratio(found: Mapping[int, Sequence[float]], *, of: int, to: int) -> float:
    """The median over the turns of what one took by what the other took in the same turn."""
    return statistics.median(a / b for a, b in zip(found[of], found[to], strict=True))
