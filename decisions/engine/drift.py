"""How far a session has moved from its request: what single actions add up to, and when it counts as drift.

The cumulative distance goes a quarter of the way up to an action that is further away, and a sixteenth of the way down
to one that is nearer. So a single far action is not a drift, several are, and calm ones in between hide little. It is
one number, however long the session is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from decisions.engine.distance import UNIT
from decisions.engine.folding import fold
from receipts.signing.canonical import JSON

_UP, _DOWN = 4, 16
# How far agents of a kind may go, from the middle of AARM's ranges.
KINDS: Mapping[str, float] = {"narrow_service": 0.65, "analyst": 0.75, "research": 0.85, "coding": 0.9}
_HUNDREDTH = UNIT // 100


def cumulative(before: int | None, *, distance: int | None) -> int | None:
    """The cumulative distance after one more action. What was once unknown stays so: nothing can make up for it."""
    if before is None or distance is None:
        return None
    gap = distance - before
    return before + gap // _UP if gap > 0 else before - (-gap // _DOWN)


def furthest(*distances: int | None) -> int | None:
    """What several sessions come to together; unknown where one of them is."""
    known = [each for each in distances if each is not None]
    return max(known) if len(known) == len(distances) else None


def threshold_of(profile: str | None, *, default: float) -> float:
    """How far an agent of this kind may go; `default` where the kind is none that is known here."""
    return KINDS.get(fold(profile or ""), default)


@dataclass(frozen=True, slots=True)
class Drift:
    """The distance of one action, and the session's cumulative one with it, in millionths; None where unknown."""

    distance: int | None
    cumulative: int | None
    threshold: float

    @property
    def signals(self) -> dict[str, JSON]:
        """What rules may ask of it, in hundredths, and no finer: numbers that are signed must give nothing away.

        What is unknown is left out, so that rules that ask for it hold back what they would permit.
        """
        found: dict[str, JSON] = {}
        if self.distance is not None:
            found["semantic_distance"] = hundredths(self.distance)
            found["alignment"] = hundredths(UNIT - self.distance)
        if self.cumulative is not None:
            found["cumulative_distance"] = hundredths(self.cumulative)
            found["drift_detected"] = hundredths(self.cumulative) > self.threshold
        return found


def hundredths(value: int) -> float:
    """A distance as it is told, from 0 to 1."""
    return (value + _HUNDREDTH // 2) // _HUNDREDTH / 100
