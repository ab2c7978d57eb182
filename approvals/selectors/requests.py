"""Reading requests: which a person may see, which wait for them, and what of them is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from approvals.lifecycle.masking import masked
from approvals.lifecycle.quorum import Tally, Verdict
from approvals.lifecycle.states import NON_TERMINAL, State
from approvals.models import ApprovalRequest, Asking, Delegation, User, Vote
from approvals.selectors.answering import AnsweredBy, answered_by
from approvals.selectors.friction import (
    confirm_field,
    is_judged_alone,
    needs_passkey,
    needs_reason,
    needs_recent_sign_in,
)
from approvals.selectors.looking import reader_answers, readers_of
from approvals.selectors.marks import without_snoozed
from approvals.selectors.masking import covered_from
from approvals.selectors.parties import by_names
from approvals.selectors.persons import persons_among
from approvals.selectors.questions import question_answers, questions_about
from approvals.selectors.replacing import Replaced, replaced_by
from approvals.selectors.roster import represented_by
from approvals.selectors.standing import current_tally, may_withdraw, standing_votes, state_at, why_not
from receipts.clock import DatabaseNow, database_now
from receipts.problems import ProblemError, not_found
from receipts.selectors import opened_values

PAGE = 50


def visible_to(user: User) -> QuerySet[ApprovalRequest]:
    """Requests that this person was asked about, or all of them for auditors and admins."""
    rows = ApprovalRequest.objects.select_related("snapshot")
    if user.has_perm("receipts.audit"):
        return rows
    if not user.has_perm("approvals.review"):
        return rows.none()
    return rows.filter(_asked(user))


def _asked(user: User) -> Q:
    """What this person was asked, or may be asked as a member of a group, also in the place of somebody who is away."""
    accounts, passed_on = represented_by(user)
    groups = ApprovalRequest.asked.through.objects.filter(group__user__in=accounts).values("approvalrequest_id")
    askings = Asking.objects.filter(person__in=accounts).values("request_id")
    return Q(pk__in=groups) | Q(pk__in=askings) | Q(pk__in=passed_on)


def pending_for(user: User) -> QuerySet[ApprovalRequest]:
    """What still waits and this person may see, most dangerous and then soonest to expire first."""
    return (
        visible_to(user)
        .filter(state=State.PENDING.value, expires_at__gt=DatabaseNow())
        .order_by("-risk_order", "expires_at", "id")
    )


def asked_of(user: User) -> QuerySet[ApprovalRequest]:
    """Of those, what this person or a team of theirs was asked, whether or not there is something left to decide."""
    return pending_for(user).filter(_asked(user))


def waiting_for(user: User) -> QuerySet[ApprovalRequest]:
    """Of those, what this person could still decide: asked, not the requester, no vote yet, and not passed on."""
    own = Q(requester__iexact=user.email) & ~Q(requester="") | Q(requester__iexact=user.get_username())
    votes = Vote.objects.filter(request=OuterRef("pk"), person=user, version=OuterRef("version"))
    last = Subquery(votes.order_by("-number").values("verdict")[:1])
    now = DatabaseNow()
    passed_on = Delegation.objects.filter(request=OuterRef("pk"), person=user, starts_at__lte=now, ends_at__gt=now)
    # A yes that was taken back may be given again; a no stays.
    open_again = Q(last__isnull=True) | Q(last=Verdict.WITHDRAW.value) & ~Exists(votes.filter(verdict=Verdict.DENY))
    asked = asked_of(user).exclude(own).exclude(Exists(passed_on))
    return asked.annotate(last=last).filter(open_again)


def pending_count_for(user: User) -> int:
    """The number on the Inbox badge: what waits for this person and isn't put aside."""
    return without_snoozed(waiting_for(user), user=user).count() if user.has_perm("approvals.review") else 0


def request_for(user: User, approval_id: str) -> ApprovalRequest:
    """One request that this person may see; another's is not found."""
    found = visible_to(user).filter(pk=approval_id).first()
    if found is None:
        raise not_found("approval")
    return found


def open_among(user: User) -> QuerySet[ApprovalRequest]:
    """Everything not yet terminal, and the newest of what is, for lists that say `all`."""
    return visible_to(user).order_by("-opened_at", "-id")


@dataclass(frozen=True, slots=True)
class ShownVote:
    """A vote as pages show it. Notes are for auditors; where it `is_blind` its words wait for the reader's own vote."""

    name: str
    verdict: str
    at: datetime
    surface: str
    reason: str
    private_note: str
    why_not: str
    verified_by: str
    is_blind: bool = False


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request as one person sees it at one moment. `masked` are the kinds of what `snapshot` covers of its values."""

    row: ApprovalRequest
    state: State
    snapshot: dict[str, Any]
    tally: Tally
    votes: Sequence[ShownVote]
    why_not: str
    at: datetime
    may_withdraw: bool = False
    replaced: Replaced | None = None
    answered_by: AnsweredBy | None = None
    masked: tuple[str, ...] = ()

    @property
    def may_vote(self) -> bool:
        return not self.why_not

    @property
    def is_open(self) -> bool:
        return self.state in NON_TERMINAL


def _shown_votes(row: ApprovalRequest, *, tally: Tally, user: User) -> list[ShownVote]:
    people = {ballot.person for ballot in tally.counted}
    standing = {vote.pk for vote, _ in standing_votes(row)}
    may_read_notes = user.has_perm("receipts.audit")
    found = []
    votes = list(row.votes.select_related("person", "holder", "words").order_by("cast_at", "id"))
    persons = persons_among([vote.person for vote in votes])
    counted = {vote.pk for vote in votes if persons[vote.person_id] in people}
    for vote in votes:
        words = opened_values(vote.words)
        found.append(
            ShownVote(
                name=vote.person.get_full_name() or vote.person.get_username(),
                verdict=vote.verdict,
                at=vote.cast_at,
                surface=vote.surface,
                reason=str(words.get("reason", "")),
                private_note=str(words.get("private_note", "")) if may_read_notes else "",
                why_not=_why_not_counted(vote, standing=standing, counted=counted),
                verified_by=vote.verified_by,
            )
        )
    return found


def _why_not_counted(vote: Vote, *, standing: set[str], counted: set[str]) -> str:
    if vote.verdict == Verdict.WITHDRAW:
        return ""
    if vote.pk not in standing:
        return "it does not count, because of what they said later or of what changed"
    return "" if vote.pk in counted else "it does not count, because their role or group has changed"


def shown_to(user: User, row: ApprovalRequest) -> ShownRequest:
    """Everything about a request that this person's page or API answer says."""
    at = database_now()
    state = state_at(row, at)
    tally = current_tally(row)
    votes = _shown_votes(row, tally=tally, user=user)
    refused = why_not(user, request=row, state=state, at=at)
    covered = covered_from(user, request=row, at=at)
    return ShownRequest(
        row=row,
        state=state,
        snapshot=masked(row.shown) if covered else row.shown,
        masked=covered,
        tally=tally,
        votes=votes
        if refused or not is_judged_alone(row)
        else [replace(vote, reason="", is_blind=True) for vote in votes],
        why_not=refused,
        at=at,
        may_withdraw=may_withdraw(user, request=row, state=state),
        replaced=replaced_by(row),
        answered_by=answered_by(row),
    )


def approval_answer(shown: ShownRequest) -> dict[str, Any]:
    """The approval object of the API."""
    row = shown.row
    called = by_names([stage.group for stage, _ in shown.tally.filled])
    return {
        "id": row.pk,
        "state": shown.state.value,
        "version": row.version,
        "view_digest": row.view_digest,
        "action_digest": row.action_digest,
        "code": row.code,
        "source": row.source,
        "opened_at": row.opened_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "risk_level": row.risk_level,
        "quorum": {
            "needed": shown.tally.needed,
            "given": shown.tally.given,
            "stages": [
                {"group": called.get(stage.group, stage.group), "count": stage.count, "given": len(people)}
                for stage, people in shown.tally.filled
            ],
        },
        "votes": [
            {"person": vote.name, "verdict": vote.verdict, "at": vote.at.isoformat(), "reason": vote.reason}
            for vote in shown.votes
        ],
        "confirm_field": confirm_field(row) or None,
        "needs_passkey": needs_passkey(row),
        "needs_reason": needs_reason(row),
        "needs_recent_sign_in": needs_recent_sign_in(row),
        "may_vote": shown.may_vote,
        "may_withdraw": shown.may_withdraw,
        "release_at": row.release_at and row.release_at.isoformat(),
        "replacement": row.replacement_id,
        "questions": question_answers(questions_about(row)),
        "looking": reader_answers(readers_of([row], at=shown.at).get(row.pk, ())),
        "answered_by": shown.answered_by and {"grant": shown.answered_by.grant, "use": shown.answered_by.use},
        "replaces": shown.replaced and shown.replaced.to_dict(),
        "why_not": shown.why_not or None,
        "masked": list(shown.masked),
        "snapshot": {name: value for name, value in shown.snapshot.items() if name not in ("nonce", "masks")},
    }


def page_of(rows: QuerySet[ApprovalRequest], *, cursor: str) -> tuple[list[ApprovalRequest], str | None]:
    """A page and the cursor of the next one. The cursor is an offset: the inbox is short and sorted by risk."""
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 8):
        raise ProblemError("invalid_cursor", status=400, why="The cursor isn't one of ours.", fix="Start without one.")
    start = int(cursor or 0)
    found = list(rows[start : start + PAGE + 1])
    return found[:PAGE], str(start + PAGE) if len(found) > PAGE else None
