"""Who has granted what, and which grant has answered a request in the place of people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, Grant, Vote


def granters(rows: Collection[Grant]) -> dict[str, list[str]]:
    """The names of those who granted each of these, by its id, in the order of their votes."""
    votes = Vote.objects.filter(grant__in=rows, verdict=Verdict.APPROVE.value).select_related("person")
    found: dict[str, list[str]] = {}
    for vote in votes.order_by("cast_at", "id"):
        names = found.setdefault(str(vote.grant_id), [])
        name = vote.person.get_full_name() or vote.person.get_username()
        names.extend([name] if name not in names else [])
    return found


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """The grant that has answered a request in the place of people."""

    grant: str
    request: str
    by: tuple[str, ...]
    use: int
    uses: int


def answered_by(row: ApprovalRequest) -> AnsweredBy | None:
    """What has answered a request, if that was a grant."""
    grant = row.grant
    if grant is None:
        return None
    by = tuple(granters([grant]).get(grant.pk, ()))
    return AnsweredBy(grant=grant.pk, request=grant.request_id, by=by, use=row.grant_use or 0, uses=grant.uses)
