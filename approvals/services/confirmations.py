"""What a person has done before their approval counts, beyond being signed in: the same for pages and API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from approvals.lifecycle.friction import is_confirmed
from approvals.models import ApprovalRequest, User
from approvals.selectors.friction import confirm_field, expected_target, needs_passkey
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
    """What came with a vote. `assertion` is WebAuthn's JSON."""

    target: str | None = None
    assertion: Mapping[str, Any] | None = None


NOTHING_MORE = Confirmation()


def check_confirmation(request: ApprovalRequest, *, person: User, given: Confirmation, at: datetime) -> Proof:
    """What an approval was confirmed by. Raises `target_not_confirmed`, `passkey_required`, `assertion_refused`."""
    named = confirm_field(request)
    section: dict[str, JSON] = {}
    if named:
        _check_target(request, typed=given.target)
        section["target"] = named
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
