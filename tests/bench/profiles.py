"""Where the time of one decision went: what `profile_decide` prints and the report reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OUTSIDE = "HTTP, middleware, routing, view"


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase's mean, in microseconds of processor time and of waiting."""

    name: str
    processor_us: float
    waiting_us: float

    @property
    def total_us(self) -> float:
        return self.processor_us + self.waiting_us


@dataclass(frozen=True, slots=True)
class Statement:
    """A kind of SQL statement: how many a decision, and what one takes in microseconds, all told."""

    shape: str
    count: float
    mean_us: float


@dataclass(frozen=True, slots=True)
class Profile:
    """Of one decision; `whole_us` says what the yardsticks and the decision take without any timers inside."""

    requests: int
    phases: tuple[Phase, ...]
    statements: tuple[Statement, ...]
    whole_us: Mapping[str, float]


def profile_of(found: Mapping[str, Any]) -> Profile:
    """From the JSON form of one."""
    return Profile(
        requests=found["requests"],
        phases=tuple(Phase(**phase) for phase in found["phases"]),
        statements=tuple(Statement(**statement) for statement in found["statements"]),
        whole_us=found["whole_us"],
    )
