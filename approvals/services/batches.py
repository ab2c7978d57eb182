"""Approving requests of one kind together: a vote on each, each by itself, so that one that changed stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from approvals.lifecycle.batches import MOST
from approvals.lifecycle.quorum import Verdict
from approvals.models import User
from approvals.selectors.alike import kind_of
from approvals.selectors.requests import visible_to
from approvals.services.votes import CastBallot, cast_vote
from receipts.problems import ProblemError

SURFACE = "batch"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A request as it was on screen."""

    id: str
    view_digest: str
    version: int


@dataclass(frozen=True, slots=True)
class Voted:
    """What came of one of them: the request, or why it was not approved."""

    chosen: Chosen
    problem: ProblemError | None = None


def approve_together(chosen: Sequence[Chosen], *, person: User, reason: str) -> list[Voted]:
    """A vote on each, in a transaction of its own. Raises `cannot_batch`, and then votes on none.

    They have to be of one kind, LOW or MEDIUM, and no more than may be approved together; whoever may not see one of
    them is told as much as if there were none.
    """
    _check_kind(chosen, person=person)
    return [_voted(each, person=person, reason=reason) for each in chosen]


def _check_kind(chosen: Sequence[Chosen], *, person: User) -> None:
    rows = list(visible_to(person).filter(pk__in=[each.id for each in chosen]))
    kinds = {kind_of(row) for row in rows}
    if not rows or len(rows) != len(chosen) or len(kinds) != 1 or () in kinds:
        raise _refused("They are not requests of one kind, LOW or MEDIUM, of which none was turned down before.")
    most = MOST[rows[0].risk_level]
    if len(rows) > most:
        raise _refused(f"At {rows[0].risk_level} risk at most {most} are approved together.")


def _refused(why: str) -> ProblemError:
    return ProblemError("cannot_batch", status=409, why=why, fix="Review them one by one.")


def _voted(chosen: Chosen, *, person: User, reason: str) -> Voted:
    ballot = CastBallot(
        verdict=Verdict.APPROVE,
        view_digest=chosen.view_digest,
        version=chosen.version,
        reason=reason,
        surface=SURFACE,
    )
    try:
        cast_vote(approval_id=chosen.id, person=person, ballot=ballot)
    except ProblemError as problem:
        return Voted(chosen, problem)
    return Voted(chosen)
