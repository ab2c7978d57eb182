"""What a grant covers: how often, how long, and which values of each parameter beside the one that was approved.

Nothing here permits anything. A grant answers a request only where every check of `approvals.selectors.granted` lets
it, and a value for which nothing is said has to be the very one that people have approved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from approvals.lifecycle.errors import GrantError
from approvals.lifecycle.snapshot import RiskLevel
from receipts.signing.canonical import JSON, canonical_bytes

MOST_USES = 50
MOST_MINUTES = 8 * 60
LONGEST_TEXT = 2000
"""Characters that a text may have where any is granted."""

PEOPLE: Mapping[RiskLevel, int] = MappingProxyType({RiskLevel.LOW: 1, RiskLevel.MEDIUM: 1, RiskLevel.HIGH: 2})
"""How many people a grant takes at least, by its risk. At any other there is none."""

PROSE = frozenset({"subject", "title", "body", "message", "comment", "description", "summary", "note"})
"""Parameters that are read by people and run by nobody, so that any text may be granted for them."""

# One address of plain characters: what has quotes, comments, lists or other alphabets is nobody's address here.
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@((?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63})")


class Within(StrEnum):
    """What a value may be. `SAME`: as it was approved; the others widen that."""

    SAME = "same"
    EMAIL_DOMAIN = "email_domain"
    AT_MOST = "at_most"
    ANY_TEXT = "any_text"


@dataclass(frozen=True, slots=True)
class Bound:
    """What one parameter may be; `most` goes with `AT_MOST` only."""

    within: Within
    most: int | float | None = None

    def to_dict(self) -> dict[str, JSON]:
        """The JSON form."""
        return {"within": self.within.value} | ({} if self.most is None else {"most": self.most})


@dataclass(frozen=True, slots=True)
class Terms:
    """What people grant: `uses` more actions within `minutes`, and by name the parameters that may differ.

    Raises `GrantError` for numbers outside 1 to `MOST_USES` and 1 to `MOST_MINUTES`, and for a bound that lacks its
    number or has one that it doesn't take.
    """

    uses: int
    minutes: int
    bounds: Mapping[str, Bound] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_number(self.uses, most=MOST_USES, what="uses")
        _require_number(self.minutes, most=MOST_MINUTES, what="minutes")
        for name, bound in self.bounds.items():
            if (bound.within is Within.AT_MOST) != _is_number(bound.most):
                why = f"The bound of {name!a} has no number, or a needless one."
                raise GrantError(why, fix="Give `most` with at_most only.")

    def to_dict(self) -> dict[str, JSON]:
        """The JSON form, which is stored and committed to."""
        bounds: dict[str, JSON] = {name: bound.to_dict() for name, bound in sorted(self.bounds.items())}
        return {"uses": self.uses, "minutes": self.minutes, "bounds": bounds}


def bounds_from(data: JSON) -> dict[str, Bound]:
    """The bounds of a stored form of terms. Raises `GrantError` for anything that `Terms.to_dict` didn't return."""
    bounds = data.get("bounds") if isinstance(data, dict) else None
    if not isinstance(bounds, dict):
        raise _shape_error()
    return {name: _bound(item) for name, item in bounds.items()}


def _bound(item: JSON) -> Bound:
    if not isinstance(item, dict) or item.get("within") not in set(Within):
        raise _shape_error()
    most = item.get("most")
    if isinstance(most, str | list | dict | bool):
        raise _shape_error()
    return Bound(Within(str(item["within"])), most)


def offered_for(name: str, *, value: JSON) -> tuple[Within, ...]:
    """What may be granted for a parameter that was approved with this value, the narrowest first."""
    return tuple(within for within, is_offered in _OFFERED.items() if is_offered(name, value))


_OFFERED: Mapping[Within, Callable[[str, JSON], bool]] = {
    Within.SAME: lambda name, value: True,
    Within.EMAIL_DOMAIN: lambda name, value: bool(domain_of(value)),
    Within.AT_MOST: lambda name, value: _is_number(value),
    Within.ANY_TEXT: lambda name, value: name in PROSE and isinstance(value, str),
}


def domain_of(value: JSON) -> str:
    """The domain of a text that is one e-mail address and nothing else, in small letters; otherwise empty."""
    found = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    return found[1].lower() if found else ""


def check_terms(terms: Terms, *, parameters: Mapping[str, JSON], risk_level: str, people: int) -> None:
    """Raises `GrantError` where these terms can't be granted for an action that `people` have to approve."""
    least = PEOPLE.get(RiskLevel(risk_level)) if risk_level in set(RiskLevel) else None
    if least is None:
        raise GrantError(f"At {risk_level} risk every action is approved by itself.", fix="Approve it once.")
    if people < least:
        raise GrantError(
            f"At {risk_level} risk a grant takes {least} people, and this request asks for {people}.",
            fix="Approve it once.",
        )
    for name, bound in terms.bounds.items():
        if name not in parameters or bound.within not in offered_for(name, value=parameters[name]):
            raise GrantError(
                f"{bound.within.value} can't be granted for {name!a}.", fix="Grant the same value, or what is offered."
            )


def outside(
    wanted: Mapping[str, JSON], *, approved: Mapping[str, JSON], bounds: Mapping[str, Bound]
) -> tuple[str, ...]:
    """The names of the parameters that a grant doesn't cover, sorted; none where it covers all of them.

    A parameter that is missing, or that the approved action didn't have, is not covered.
    """
    return tuple(
        name
        for name in sorted({*wanted, *approved})
        if name not in wanted
        or name not in approved
        or not _FITS[bounds[name].within if name in bounds else Within.SAME](wanted[name], approved[name], bounds, name)
    )


def _is_same(wanted: JSON, approved: JSON, bounds: Mapping[str, Bound], name: str) -> bool:
    return canonical_bytes(wanted) == canonical_bytes(approved)


def _is_in_domain(wanted: JSON, approved: JSON, bounds: Mapping[str, Bound], name: str) -> bool:
    return bool(domain_of(approved)) and domain_of(wanted) == domain_of(approved)


def _is_at_most(wanted: JSON, approved: JSON, bounds: Mapping[str, Bound], name: str) -> bool:
    most = bounds[name].most
    # A negative amount means something else than a small one.
    return _is_number(wanted) and most is not None and 0 <= wanted <= most  # type: ignore[operator]  # a number


def _is_text(wanted: JSON, approved: JSON, bounds: Mapping[str, Bound], name: str) -> bool:
    return name in PROSE and isinstance(wanted, str) and len(wanted) <= LONGEST_TEXT


_FITS: Mapping[Within, Callable[[JSON, JSON, Mapping[str, Bound], str], bool]] = {
    Within.SAME: _is_same,
    Within.EMAIL_DOMAIN: _is_in_domain,
    Within.AT_MOST: _is_at_most,
    Within.ANY_TEXT: _is_text,
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _require_number(value: object, *, most: int, what: str) -> None:
    if type(value) is not int or not 1 <= value <= most:
        raise GrantError(f"{what} is a whole number from 1 to {most}, not {value!r}.", fix="Choose one in that range.")


def _shape_error() -> GrantError:
    return GrantError("The stored grant does not have the shape of one.", fix="Store what Terms.to_dict() returns.")
