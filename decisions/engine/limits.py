"""What a `rate` or a `budget` allows. The counting itself is a service's; an evaluation only reads what was counted."""

from __future__ import annotations

from dataclasses import dataclass

from decisions.engine.counters import Per

LONGEST_WINDOW = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `maximum`, this action included, within any `window_seconds`, of the actions that `per` puts together."""

    maximum: int | float
    window_seconds: int
    per: Per
