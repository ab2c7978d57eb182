"""The budget of one evaluation: how many rules and list items it may look at before it gives up, which denies."""

from __future__ import annotations

from decisions.engine.errors import BudgetError

MOST_STEPS = 50_000


class Meter:
    """The steps that are left to an evaluation; the only thing in it that changes."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Takes `steps` away. Raises BudgetError where not so many are left."""
        self.left -= steps
        if self.left < 0:
            raise BudgetError("This policy looks at too much to judge this action.", fix="Send shorter lists.")

    def refill(self) -> None:
        """Begins anew."""
        self.left = MOST_STEPS
