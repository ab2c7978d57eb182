"""One request: read it, and decide it with a plain form that says which view of it was read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from approvals.accounts.recency import may_show_again, shown_at
from approvals.forms import PRESETS, ApproveForm, DecisionForm, DenyForm, WithdrawForm
from approvals.lifecycle.folding import LONG, MOST, SHORT
from approvals.lifecycle.friction import is_recent
from approvals.lifecycle.questions import HEARD
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, User
from approvals.pages import page_of
from approvals.pages.editing import editables_of
from approvals.pages.granting import MINUTES, USES, choices_of
from approvals.selectors import ShownRequest, request_for, shown_to
from approvals.selectors.changing import changes_shown
from approvals.selectors.deadlines import time_left
from approvals.selectors.eligibility import eligibility_of
from approvals.selectors.friction import (
    cannot_be_shown,
    confirm_field,
    must_be_unfolded,
    needs_passkey,
    needs_reason,
    needs_recent_sign_in,
    opaque,
)
from approvals.selectors.granted import may_grant
from approvals.selectors.grants import shown_grants
from approvals.selectors.looking import readers_of
from approvals.selectors.masking import is_unread_by
from approvals.selectors.questions import questions_about
from approvals.selectors.roster import REVIEW, is_requester
from approvals.selectors.similar import similar_to
from approvals.selectors.teams import usernames
from approvals.selectors.turned_down import turned_down_before
from approvals.services.granting import proposed_grant
from approvals.services.passkeys import keys_of
from approvals.services.votes import CastBallot, cast_vote
from approvals.views.keeping import forget_words, keep_words, kept_words
from approvals.views.reading import LIVE_URL, is_fragment, reader_of, wants_all
from receipts.access import AUDIT, caller_of, for_people
from receipts.problems import ProblemError
from receipts.selectors import of_decision
from receipts.signing.statement import ReceiptType

CHANGED, TOO_OLD = "changed_while_reviewing", "sign_in_too_old"
WRITTEN = ("preset", "reason", "private_note", "confirm_target")


def _proofs(user: User, row: ApprovalRequest) -> dict[str, str]:
    """What the receipts that this person may read say further: what the agent reported, and the one to look at."""
    decision = row.receipt_sections.get("decision", {})
    rows = list(of_decision(caller_of(user), str(decision.get("id", ""))))
    reported = [item.outcome for item in rows if item.type == ReceiptType.OUTCOME.value]
    endings = [
        item.pk for item in rows if item.type == ReceiptType.APPROVAL_TERMINAL.value and item.approval_id == row.pk
    ]
    latest = endings or [item.pk for item in rows]
    return {
        "reported": reported[-1] if reported else "",
        "receipt_url": reverse("receipts:detail", args=[latest[-1]]) if latest else "",
    }


def _grants(row: ApprovalRequest, *, user: User, shown: ShownRequest, written: Mapping[str, str]) -> dict[str, Any]:
    """What may be granted with an approval, what somebody has proposed, and what was granted or has answered."""
    proposed = proposed_grant(row) if shown.may_vote else None
    is_offered = shown.may_vote and not shown.masked and not proposed and may_grant(row)
    return {
        "grant_choices": choices_of(shown.snapshot["parameters"], written=written) if is_offered else (),
        "is_grantable": is_offered,
        "grant_uses": written.get("uses", USES),
        "grant_minutes": written.get("minutes", MINUTES),
        "proposed": next(iter(shown_grants([proposed], user=user)), None) if proposed else None,
        "grants": shown_grants(list(row.grants.select_related("request__snapshot", "terms")), user=user),
        "answered_by": shown.answered_by,
    }


def _questions(row: ApprovalRequest, *, user: User, shown: ShownRequest) -> dict[str, Any]:
    thread, readers = questions_about(row), readers_of([row], at=shown.at).get(row.pk, ())
    is_reviewer = shown.state in HEARD and eligibility_of(user, request=row, at=shown.at) is not None
    return {
        "thread": thread,
        "answered": sum(each.answered_at is not None for each in thread),
        "readers": readers if shown.state in HEARD else (),
        "is_looking": any(each.person == user.pk for each in readers),
        "may_ask": is_reviewer and not is_requester(user, requester=row.requester),
    }


def _covers(row: ApprovalRequest, *, user: User, shown: ShownRequest) -> dict[str, Any]:
    """What is masked, whether this person may be shown it, and whether their approval takes having seen it."""
    is_eligible = eligibility_of(user, request=row, at=shown.at) is not None
    return {
        "masked": shown.masked,
        "may_reveal": user.has_perm(AUDIT) or (is_eligible and not is_requester(user, requester=row.requester)),
        "must_be_shown": bool(shown.masked) and is_unread_by(user, request=row),
    }


def _time(row: ApprovalRequest, *, user: User, shown: ShownRequest) -> dict[str, Any]:
    is_asked = shown.state is State.PENDING and eligibility_of(user, request=row, at=shown.at) is not None
    return {"may_time": is_asked, "time_left": time_left(row) if is_asked else None}


def page_context(user: User, approval_id: str, *, written: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Everything that the page says. `written` is what was sent in a form of changes or limits and is not done."""
    row = request_for(user, approval_id)
    shown = shown_to(user, row)
    proofs = _proofs(user, row)
    page = page_of(shown, reported=proofs["reported"])
    return {
        "approval": row,
        "state": shown.state.value,
        "shown": page.snapshot,
        "fields": page.parameters,
        "steps": page.steps,
        "flagged": page.flagged,
        "has_changes": page.has_changes,
        "target": page.target,
        "quorum": page.quorum,
        "changes": changes_shown(shown.snapshot),
        # A cover is no value to begin from.
        "editables": ()
        if shown.masked
        else editables_of(page.snapshot, pointers=Route.from_dict(row.route).editable, written=written),
        **_grants(row, user=user, shown=shown, written=written),
        **_questions(row, user=user, shown=shown),
        "turned_down": turned_down_before(shown.snapshot, user=user),
        "votes": shown.votes,
        "ending": page.ending,
        "raw": page.raw,
        "similar": similar_to(row, user=user, shown=page.snapshot),
        "may_vote": shown.may_vote,
        "why_not": shown.why_not,
        "may_withdraw": shown.may_withdraw,
        "replaced": shown.replaced,
        "reported": proofs["reported"],
        "receipt_url": proofs["receipt_url"],
        "presets": PRESETS,
        "server_time": shown.at,
        "live_url": LIVE_URL,
        "page_url": reverse("approvals:detail", args=[row.pk]),
        "ballot": {},
        "confirm_field": confirm_field(row),
        "must_be_unfolded": must_be_unfolded(row),
        "cannot_be_shown": cannot_be_shown(row),
        "needs_passkey": needs_passkey(row),
        "needs_reason": needs_reason(row),
        "needs_recent_sign_in": needs_recent_sign_in(row),
        "opaque": opaque(row),
        **_covers(row, user=user, shown=shown),
        "has_passkey": bool(keys_of(user)),
        "colleagues": usernames() if shown.may_vote else (),
        **_time(row, user=user, shown=shown),
    }


def friction_context(request: HttpRequest) -> dict[str, Any]:
    """How long ago the reader showed who they are, whether they can do so again without signing out, and whether the
    page shows all of the action."""
    has_all = wants_all(request)
    return {
        "has_all": has_all,
        "name_limit": MOST if has_all else SHORT,
        "value_limit": MOST if has_all else LONG,
        "has_recent_sign_in": is_recent(shown_at(request), at=datetime.now(UTC)),
        "may_show_again": may_show_again(reader_of(request)),
    }


@for_people(REVIEW, AUDIT)
@require_safe
def detail(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>`; `?open=deny`, `?open=assign` or `?open=extend` comes with that form unfolded and the focus in it."""
    name = "approvals/_detail.html" if is_fragment(request) else "approvals/detail.html"
    kept = {"ballot": kept_words(request, approval_id), "opened": request.GET.get("open", "")}
    return render(request, name, page_context(reader_of(request), approval_id) | friction_context(request) | kept)


@for_people(REVIEW)
@require_POST
def approve(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/approve`"""
    return _decide(request, approval_id, form=ApproveForm(request.POST))


@for_people(REVIEW)
@require_POST
def deny(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/deny`"""
    return _decide(request, approval_id, form=DenyForm(request.POST))


@for_people(REVIEW)
@require_POST
def withdraw(request: HttpRequest, approval_id: str) -> HttpResponse:
    """`/a/<id>/withdraw`"""
    return _decide(request, approval_id, form=WithdrawForm(request.POST))


def _decide(request: HttpRequest, approval_id: str, *, form: DecisionForm) -> HttpResponse:
    user = reader_of(request)
    row = request_for(user, approval_id)
    try:
        cast_vote(approval_id=row.pk, person=user, ballot=valid_ballot(form, shown_at=shown_at(request)))
    except ProblemError as problem:
        if problem.code == TOO_OLD:
            keep_words(request, row.pk, words=_words_of(form))
        return _refused(request, row.pk, form=form, problem=problem)
    forget_words(request, row.pk)
    page = reverse("approvals:detail", args=[row.pk])
    return HttpResponseRedirect(f"{page}#decision", status=303)


def _words_of(form: DecisionForm) -> dict[str, str]:
    return {"verdict": form.verdict.value} | {name: form.data.get(name, "") for name in WRITTEN}


def valid_ballot(form: DecisionForm, *, shown_at: datetime | None) -> CastBallot:
    """What the form says. Raises `invalid_form`."""
    if form.is_valid():
        return form.ballot(shown_at=shown_at)
    field, errors = next(iter(form.errors.items()))
    raise ProblemError(
        "invalid_form", status=400, why=f"{field}: {errors[0]}", fix="Correct it and send the form again.", param=field
    )


def _refused(request: HttpRequest, approval_id: str, *, form: DecisionForm, problem: ProblemError) -> HttpResponse:
    """The page as it is now, with why the decision wasn't recorded and everything that was written."""
    context = page_context(reader_of(request), approval_id) | {
        "problem": problem,
        "has_changed": problem.code == CHANGED,
        "ballot": _words_of(form),
        **friction_context(request),
    }
    return render(request, "approvals/detail.html", context, status=problem.status)
