"""Earlier requests like one: the same operation, from the same agent, in the last days, that this person may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.lifecycle.differences import differences
from approvals.lifecycle.masking import masked, masked_snapshot
from approvals.lifecycle.quorum import Verdict
from approvals.lifecycle.snapshot import Snapshot
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, User, Vote
from approvals.selectors.requests import visible_to
from receipts.selectors import opened_values

DAYS = 30
MOST = 200
_PARAMETERS = "/parameters/"


@dataclass(frozen=True, slots=True)
class Denial:
    """The newest no: whose it was, why, and in which parameters that action differed."""

    id: str
    by: str
    at: datetime
    reason: str
    differing: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Similar:
    """How the newest `MOST` of them ended; those that still wait, or were replaced, are left out."""

    approved: int
    denied: int
    unanswered: int
    denial: Denial | None

    @property
    def count(self) -> int:
        return self.approved + self.denied + self.unanswered


def similar_to(row: ApprovalRequest, *, user: User, shown: Snapshot | None) -> Similar:
    """What became of them, in two statements and one more for the newest denial."""
    rows = rows_like(row, user=user)
    denied = [each for each in rows if each.state == State.DENIED]
    approved = sum(each.claim_expires_at is not None for each in rows if each.state != State.DENIED)
    return Similar(
        approved=approved,
        denied=len(denied),
        unanswered=len(rows) - approved - len(denied),
        denial=_denial(denied[0], shown=shown) if denied else None,
    )


def rows_like(row: ApprovalRequest, *, user: User, most: int = MOST) -> list[ApprovalRequest]:
    """The newest of them, newest first. What a grant has answered says nothing of what people think."""
    return list(
        visible_to(user)
        .filter(
            tool=row.tool,
            operation=row.operation,
            opened_at__gt=row.opened_at - timedelta(days=DAYS),
            opened_at__lt=row.opened_at,
            grant=None,
            receipt_sections__identity__agent=row.receipt_sections.get("identity", {}).get("agent"),
        )
        .exclude(state__in=[State.PENDING.value, State.SUPERSEDED.value])
        .order_by("-opened_at")[:most]
    )


def _denial(row: ApprovalRequest, *, shown: Snapshot | None) -> Denial | None:
    votes = Vote.objects.filter(request=row, verdict=Verdict.DENY.value).select_related("person", "words")
    vote = votes.order_by("-cast_at").first()
    if vote is None:
        return None
    return Denial(
        id=row.pk,
        by=vote.person.get_full_name() or vote.person.get_username(),
        at=vote.cast_at,
        reason=str(opened_values(vote.words).get("reason", "")),
        differing=_differing(row, shown=shown),
    )


def _differing(row: ApprovalRequest, *, shown: Snapshot | None) -> tuple[str, ...] | None:
    """The names of the parameters that are other ones there; None where either's values were erased."""
    if shown is None or not row.shown:
        return None
    found = differences(Snapshot.from_dict(masked(row.shown)), masked_snapshot(shown), routes=({}, {}))
    return tuple(each.path.removeprefix(_PARAMETERS) for each in found if each.path.startswith(_PARAMETERS))
