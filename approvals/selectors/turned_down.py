"""What a reviewer is shown of earlier requests for the same that were denied or withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from approvals.lifecycle.quorum import Verdict
from approvals.models import User, Vote
from approvals.selectors.requests import visible_to
from receipts.selectors import opened_values


@dataclass(frozen=True, slots=True)
class TurnedDown:
    """An earlier request for the same, why it was denied, and whether its reader may open it."""

    id: str
    state: str
    at: datetime
    reasons: tuple[str, ...]
    may_open: bool


def turned_down_before(snapshot: Mapping[str, Any], *, user: User) -> tuple[TurnedDown, ...]:
    """What a request says was turned down before it, newest first; no statement where there is nothing."""
    said = snapshot.get("turned_down", ())
    names = [str(each["id"]) for each in said]
    if not names:
        return ()
    visible = set(visible_to(user).filter(pk__in=names).values_list("pk", flat=True))
    reasons = _reasons(names)
    return tuple(
        TurnedDown(
            id=each["id"],
            state=each["state"],
            at=datetime.fromisoformat(each["at"]),
            reasons=tuple(reasons.get(each["id"], ())),
            may_open=each["id"] in visible,
        )
        for each in said
    )


def _reasons(names: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    denials = Vote.objects.filter(request__in=names, verdict=Verdict.DENY.value).select_related("words")
    for vote in denials.order_by("cast_at", "id"):
        reason = str(opened_values(vote.words).get("reason", ""))
        if reason:
            found.setdefault(vote.request_id, []).append(reason)
    return found
