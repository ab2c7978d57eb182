"""What a person has done before their approval counts, beyond being signed in: the same for pages and API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from approvals.lifecycle.friction import is_confirmed, is_recent
from approvals.models import ApprovalRequest, User
from approvals.selectors.friction import (
    cannot_be_shown,
    confirm_field,
    expected_target,
    must_be_unfolded,
    needs_passkey,
    needs_reason,
    needs_recent_sign_in,
)
from approvals.selectors.masking import is_unread_by
from approvals.services.passkeys import no_passkey, verify_signature
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class Proof:
    """How it was known who voted, and what they did for it: `section` is part of the vote's receipt."""

    verified_by: str = "session"
    section: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What came with a vote. `is_whole`: the page had unfolded the action; `is_data`: it was given as data, uncut.

    `assertion` is WebAuthn's JSON; `shown_at` is when this person last showed who they are, as their session has it.
    """

    is_whole: bool = False
    is_data: bool = False
    target: str | None = None
    assertion: Mapping[str, Any] | None = None
    shown_at: datetime | None = None


NOTHING_MORE = Confirmation()


def check_confirmation(
    request: ApprovalRequest, *, person: User, given: Confirmation, reason: str, at: datetime
) -> Proof:
    """What an approval was confirmed by. Raises `not_shown_whole`, `target_not_confirmed`, `reason_required`,
    `sign_in_too_old`, `passkey_required`, `assertion_refused`."""
    _check_shown(request, given=given)
    if is_unread_by(person, request=request):
        raise _covered()
    named = confirm_field(request)
    section: dict[str, JSON] = {}
    if named:
        _check_target(request, typed=given.target)
        section["target"] = named
    if needs_reason(request) and not reason.strip():
        raise _unreasoned()
    if needs_recent_sign_in(request) and not is_recent(given.shown_at, at=at):
        raise _long_ago()
    if not needs_passkey(request):
        return Proof(section=section)
    if given.assertion is None:
        raise no_passkey()
    signed = verify_signature(request, person=person, assertion=given.assertion, at=at)
    section["passkey"] = {
        "credential": signed.credential,
        "challenge": signed.challenge,
        "user_verified": True,
        "sign_count": signed.sign_count,
    }
    return Proof(verified_by="passkey", section=section)


def _check_target(request: ApprovalRequest, *, typed: str | None) -> None:
    if typed is not None and is_confirmed(typed, expected=expected_target(request)):
        return
    raise ProblemError(
        "target_not_confirmed",
        status=403,
        why="That is not the target of this action." if typed else "The target of this action was not confirmed.",
        fix="Type it as the page shows it. Denying takes no confirmation.",
        param="confirm_target",
    )


def _check_shown(request: ApprovalRequest, *, given: Confirmation) -> None:
    if given.is_data or not must_be_unfolded(request):
        return
    if not given.is_whole:
        raise _folded()
    if cannot_be_shown(request):
        raise _unshown()


def _unshown() -> ProblemError:
    return ProblemError(
        "not_shown_whole",
        status=409,
        why="No page can show all of this action.",
        fix="Deny it, or read it whole through the API and decide there.",
    )


def _folded() -> ProblemError:
    return ProblemError(
        "not_shown_whole",
        status=409,
        why="A part of this action was folded away.",
        fix="Show everything, read it, and decide then. Denying takes none of it.",
    )


def _covered() -> ProblemError:
    return ProblemError(
        "not_shown_whole",
        status=409,
        why="A value of this action is masked, and was never shown to you.",
        fix="Show it first: on the request's page, or POST /api/v1/approvals/{id}/reveal. Denying takes none of it.",
    )


def _unreasoned() -> ProblemError:
    return ProblemError(
        "reason_required",
        status=403,
        why="Whoever approves this has to say why: its risk is CRITICAL, or something of it is flagged.",
        fix="Write a reason. Denying takes none.",
        param="reason",
    )


def _long_ago() -> ProblemError:
    return ProblemError(
        "sign_in_too_old",
        status=403,
        why="Approving this takes having shown who you are within the last 15 minutes.",
        fix="Confirm that it is you at /accounts/reauthenticate/, then approve again. Denying takes none of it.",
    )
