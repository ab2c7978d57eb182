"""Passkeys that sign what a person approves: the challenge, and what comes back (CHN-29).

The challenge is a digest of the request as it was shown, for one person, once and for a few minutes. What comes back
is checked by the library of the keys' maker, against our own host and origin and with user verification; a key whose
counter goes back has a copy somewhere and is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    UserVerificationRequirement,
)

from approvals.lifecycle.friction import challenge
from approvals.models import ApprovalRequest, PasskeyChallenge, User
from receipts.clock import database_now
from receipts.identifiers import new_seed
from receipts.problems import ProblemError
from receipts.signing.canonical import StrictJSONError, load_strict, sha256_digest

FOR_APPROVALS = "for_approvals"
"""Marks a key that confirms approvals and doesn't turn signing in into two steps: one that scripts hold."""

VALID_FOR = timedelta(minutes=5)
# What the library raises for an answer that is no answer.
MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error, StrictJSONError)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser is asked to sign, in the form of WebAuthn's JSON."""

    challenge: str
    credential_ids: tuple[str, ...]
    expires_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """As `PublicKeyCredential.parseRequestOptionsFromJSON` takes it, with what scripts want to know."""
        options = {
            "challenge": self.challenge,
            "rpId": settings.AARM_PASSKEY_DOMAIN,
            "allowCredentials": [{"type": "public-key", "id": found} for found in self.credential_ids],
            "userVerification": "required",
            "timeout": int(VALID_FOR.total_seconds() * 1000),
        }
        return {"challenge": self.challenge, "expires_at": self.expires_at.isoformat(), "publicKey": options}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a signature proved: which key, by its digest, and what the key counted."""

    credential: str
    challenge: str
    sign_count: int


def keys_of(person: User) -> list[Authenticator]:
    """Everything that this person can sign approvals with."""
    return list(Authenticator.objects.filter(user_id=person.pk, type=Authenticator.Type.WEBAUTHN).order_by("pk"))


def ask_for_signature(request: ApprovalRequest, *, person: User) -> Asked:
    """A fresh challenge for this person and the request as it is now. Raises `passkey_required` without any key."""
    keys = keys_of(person)
    if not keys:
        raise no_passkey()
    nonce, at = new_seed().hex(), database_now()
    with transaction.atomic():
        PasskeyChallenge.objects.filter(person=person, expires_at__lt=at).delete()
        row = PasskeyChallenge.objects.create(
            request=request,
            person=person,
            nonce=nonce,
            challenge=websafe_encode(_bound(request, nonce)),
            expires_at=at + VALID_FOR,
        )
    ids = tuple(websafe_encode(_credential(key).credential_id) for key in keys)
    return Asked(challenge=row.challenge, credential_ids=ids, expires_at=row.expires_at)


def no_passkey() -> ProblemError:
    """Somebody who has none can't approve at this risk, and can deny."""
    return ProblemError(
        "passkey_required",
        status=403,
        why="Approving at this risk takes a passkey.",
        fix="Add one in your profile, and sign what POST …/votes/challenge gives. Denying takes none.",
        param="assertion",
    )


def verify_signature(request: ApprovalRequest, *, person: User, assertion: Mapping[str, Any], at: datetime) -> Verified:
    """Uses the challenge up, in the caller's transaction. Raises `assertion_refused`."""
    answer = _parsed(assertion)
    bound = _spent_challenge(request, person=person, signed=answer.response.client_data.challenge, at=at)
    key = _locked_key(person, answer.raw_id)
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=settings.AARM_PASSKEY_DOMAIN, name=settings.AARM_DEPLOYMENT),
        verify_origin=lambda origin: origin in settings.AARM_PASSKEY_ORIGINS,
    )
    state = {"challenge": websafe_encode(bound), "user_verification": UserVerificationRequirement.REQUIRED}
    try:
        server.authenticate_complete(state, [_credential(key)], answer)
    except ValueError as error:
        raise _refused(str(error)) from error
    _count(key, answer.response.authenticator_data.counter)
    return Verified(
        credential=sha256_digest(answer.raw_id),
        challenge=websafe_encode(bound),
        sign_count=answer.response.authenticator_data.counter,
    )


def _refused(why: str) -> ProblemError:
    return ProblemError(
        "assertion_refused",
        status=403,
        why=f"The passkey's signature doesn't approve this: {why.rstrip('.')}.",
        fix="Ask POST …/votes/challenge again, and sign what it gives.",
        param="assertion",
    )


def _parsed(assertion: Mapping[str, Any]) -> AuthenticationResponse:
    try:
        # First as strictly as every other body: the library's own parser would follow any depth.
        load_strict(websafe_decode(assertion["response"]["clientDataJSON"]))
        answer = AuthenticationResponse.from_dict(dict(assertion))
        is_framed = answer.response.client_data.cross_origin
    except MALFORMED as error:
        raise _refused("it can't be read") from error
    if is_framed:
        raise _refused("it was made inside another site's page")
    return answer


def _bound(request: ApprovalRequest, nonce: str) -> bytes:
    return challenge(
        approval_id=request.pk,
        action_digest=request.action_digest,
        view_digest=request.view_digest,
        version=request.version,
        nonce=nonce,
    )


def _spent_challenge(request: ApprovalRequest, *, person: User, signed: bytes, at: datetime) -> bytes:
    """The challenge as the request now gives it; a request that has changed since gives another one."""
    asked = PasskeyChallenge.objects.filter(
        request=request, person=person, challenge=websafe_encode(signed), expires_at__gt=at, used_at__isnull=True
    )
    row = asked.first()
    if row is None or asked.update(used_at=at) != 1:
        raise _refused("it was not asked of you for this request, is used up, or is too old")
    return _bound(request, row.nonce)


def _locked_key(person: User, credential_id: bytes) -> Authenticator:
    own = Authenticator.objects.select_for_update().filter(user_id=person.pk, type=Authenticator.Type.WEBAUTHN)
    for key in own.order_by("pk"):
        if _credential(key).credential_id == credential_id:
            return key
    raise _refused("the key is none of yours")


def _registered(key: Authenticator) -> Any:
    return RegistrationResponse.from_dict(key.data["credential"]).response.attestation_object.auth_data


def _credential(key: Authenticator) -> AttestedCredentialData:
    found = _registered(key).credential_data
    assert isinstance(found, AttestedCredentialData)
    return found


def _count(key: Authenticator, counter: int) -> None:
    """Keys that don't count always say 0; one that counts never says a number twice."""
    last = int(key.data.get("sign_count", _registered(key).counter))
    if (counter or last) and counter <= last:
        raise _refused("its counter went back, so that a copy of the key may exist")
    key.data["sign_count"] = counter
    key.last_used_at = database_now()
    key.save(update_fields=["data", "last_used_at"])
