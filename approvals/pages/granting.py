"""The form in which a reviewer grants more than one action, and what it would have covered so far."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from approvals.lifecycle.errors import GrantError
from approvals.lifecycle.grants import LONGEST_TEXT, Bound, Terms, Within, offered_for, outside
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON, digest

WITHIN, MOST = "within:", "most:"
USES, MINUTES = "5", "60"


@dataclass(frozen=True, slots=True)
class Choice:
    """One parameter of the form: `offered` are what may be granted for it, `chosen` one of them."""

    name: str
    value: JSON
    offered: tuple[str, ...]
    chosen: str
    most: str

    @property
    def is_fixed(self) -> bool:
        """Whether only the same value is offered."""
        return len(self.offered) == 1

    @property
    def has_number(self) -> bool:
        return Within.AT_MOST in self.offered

    @property
    def longest(self) -> str:
        return f"{LONGEST_TEXT:,}"


@dataclass(frozen=True, slots=True)
class Preview:
    """Of the newest `count` requests like this one the `covered` that the grant would have answered; some were denied.

    `digest` is of the terms that are previewed.
    """

    terms: Terms
    count: int
    covered: int
    denied: tuple[str, ...]
    digest: str


def choices_of(parameters: Mapping[str, JSON], *, written: Mapping[str, str]) -> tuple[Choice, ...]:
    """One for each parameter, as it was written before or as narrow as it can be."""
    return tuple(
        Choice(
            name=name,
            value=parameters[name],
            offered=tuple(within.value for within in offered_for(name, value=parameters[name])),
            chosen=written.get(WITHIN + name, Within.SAME.value),
            most=written.get(MOST + name, ""),
        )
        for name in sorted(parameters)
    )


def terms_in(choices: Iterable[Choice], *, uses: int, minutes: int) -> Terms:
    """What is granted. Raises `invalid_form` and `cannot_grant`."""
    bounds = {each.name: _bound(each) for each in choices if each.chosen != Within.SAME}
    try:
        return Terms(uses=uses, minutes=minutes, bounds=bounds)
    except GrantError as error:
        raise ProblemError("cannot_grant", status=409, why=error.why, fix=error.fix) from error


def _bound(choice: Choice) -> Bound:
    if choice.chosen not in choice.offered:
        raise _unreadable(f"Nothing like that can be granted for {choice.name!a}.")
    within = Within(choice.chosen)
    return Bound(within, _number(choice)) if within is Within.AT_MOST else Bound(within)


def _number(choice: Choice) -> int | float:
    try:
        number = float(choice.most)
    except ValueError as error:
        raise _unreadable(f"The bound of {choice.name!a} is no number.") from error
    if not math.isfinite(number):
        raise _unreadable(f"The bound of {choice.name!a} is no number.")
    return int(number) if number.is_integer() else number


def _unreadable(why: str) -> ProblemError:
    return ProblemError("invalid_form", status=400, why=why, fix="Correct it and send the form again.", param="grant")


def preview_of(terms: Terms, *, parameters: Mapping[str, JSON], like: Sequence[ApprovalRequest]) -> Preview:
    """What the grant would have covered of `like`; what was erased isn't counted."""
    shown = [(row, row.shown.get("parameters")) for row in like]
    known = [(row, found) for row, found in shown if isinstance(found, dict)]
    covered = [row for row, found in known if not outside(found, approved=parameters, bounds=terms.bounds)]
    return Preview(
        terms=terms,
        count=len(known),
        covered=len(covered),
        denied=tuple(row.pk for row in covered if row.state == State.DENIED),
        digest=digest(terms.to_dict()),
    )
