"""Grants as people see them: those of the requests that they may see, and of one agent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from approvals.lifecycle.grants import Bound, Within, domain_of
from approvals.lifecycle.masking import masked
from approvals.models import Grant, User
from approvals.selectors.answering import granters
from approvals.selectors.granted import approved_parameters, bounds_of, lapse_of
from approvals.selectors.masking import covered_from
from approvals.selectors.requests import visible_to
from approvals.selectors.roster import REVIEW
from receipts.clock import DatabaseNow, database_now
from receipts.problems import not_found
from receipts.signing.canonical import JSON

MOST = 100


@dataclass(frozen=True, slots=True)
class BoundShown:
    """What one parameter may be: `value` as it was approved, unless `within` widens that.

    As the request's own page shows it: a secret in `value` stands covered for whoever wasn't shown it, and `domain` is
    empty where some of it is one.
    """

    name: str
    within: Within
    value: JSON
    domain: str
    most: int | float | None


@dataclass(frozen=True, slots=True)
class ShownGrant:
    """A grant as one person sees it. `lapse` says why it isn't in force; `bounds` is empty for who may not see them."""

    row: Grant
    by: tuple[str, ...]
    lapse: str
    bounds: tuple[BoundShown, ...]
    may_revoke: bool

    @property
    def is_live(self) -> bool:
        """Whether it may still answer something."""
        return not self.lapse


def grants_visible_to(user: User) -> QuerySet[Grant]:
    """Those of the requests that this person may see, newest first."""
    rows = Grant.objects.filter(request__in=visible_to(user)).select_related("request__snapshot", "terms")
    return rows.order_by("-granted_at", "-id")


def grant_for(user: User, rows: QuerySet[Grant], *, grant_id: str) -> Grant:
    """One of `rows` that this person may see; another's is not found."""
    found = rows.filter(pk=grant_id, request__in=visible_to(user)).first()
    if found is None:
        raise not_found("grant")
    return found


def unended(rows: QuerySet[Grant]) -> QuerySet[Grant]:
    """Those whose time is not over and that nobody has taken back."""
    return rows.filter(expires_at__gt=DatabaseNow(), revoked_at__isnull=True)


def grants_of_agent(agent_id: str, *, user: User) -> list[ShownGrant]:
    """What is in force for an agent; values only of those whose requests this person may see."""
    rows = Grant.objects.filter(request__asker=agent_id).select_related("request__snapshot", "terms")
    found = list(unended(rows).order_by("expires_at", "id")[:MOST])
    mine = set(visible_to(user).filter(pk__in=[row.request_id for row in found]).values_list("pk", flat=True))
    return [each for each in shown_grants(found, user=user, visible=mine) if each.is_live]


def shown_grants(rows: Collection[Grant], *, user: User, visible: Collection[str] | None = None) -> list[ShownGrant]:
    """These grants; `visible` are the requests whose values this person may see, all where it isn't given."""
    at = database_now()
    names = granters(rows)
    return [
        _shown(row, user=user, by=names.get(row.pk, []), at=at, is_open=visible is None or row.request_id in visible)
        for row in rows
    ]


def _shown(row: Grant, *, user: User, by: Collection[str], at: datetime, is_open: bool) -> ShownGrant:
    lapse = lapse_of(row, at=at)
    return ShownGrant(
        row=row,
        by=tuple(by),
        lapse=lapse,
        bounds=bounds_shown(row, user=user, at=at) if is_open else (),
        may_revoke=is_open and row.revoked_at is None and user.has_perm(REVIEW),
    )


def bounds_shown(row: Grant, *, user: User, at: datetime) -> tuple[BoundShown, ...]:
    """Every parameter with what it may be, by name, as this person is shown it; none where the values were erased."""
    approved, bounds = approved_parameters(row.request), bounds_of(row)
    if approved is None or bounds is None:
        return ()
    is_covered = covered_from(user, request=row.request, at=at)
    shown = masked(row.request.shown)["parameters"] if is_covered else approved
    return tuple(_bound(name, value=shown[name], bound=bounds.get(name)) for name in sorted(shown))


def _bound(name: str, *, value: JSON, bound: Bound | None) -> BoundShown:
    within = bound.within if bound else Within.SAME
    return BoundShown(
        name=name, within=within, value=value, domain=domain_of(value), most=bound.most if bound else None
    )


def grant_answer(shown: ShownGrant) -> dict[str, JSON]:
    """The grant object of the API."""
    row = shown.row
    bounds: list[JSON] = [_bound_answer(bound) for bound in shown.bounds]
    return {
        "id": row.pk,
        "approval_id": row.request_id,
        "session_id": row.stream.removeprefix("session/"),
        "agent_id": row.request.asker,
        "tool": row.request.tool,
        "operation": row.request.operation,
        "risk_level": row.request.risk_level,
        "uses": row.uses,
        "left": row.left,
        "granted_by": list(shown.by),
        "granted_at": row.granted_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
        "is_live": shown.is_live,
        "why_not": shown.lapse or None,
        "bounds": bounds,
    }


def _bound_answer(bound: BoundShown) -> dict[str, JSON]:
    said: dict[str, JSON] = {"parameter": bound.name, "within": bound.within.value}
    shown: dict[Within, dict[str, JSON]] = {
        Within.SAME: {"value": bound.value},
        Within.EMAIL_DOMAIN: {"domain": bound.domain},
        Within.AT_MOST: {"most": bound.most},
    }
    return said | shown.get(bound.within, {})
