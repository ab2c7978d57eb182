"""Passkeys in software, for scripts that play a reviewer. Whoever holds the private key is taken for the person."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from approvals.models import User
from approvals.services.passkeys import FOR_APPROVALS
from receipts.identifiers import new_seed

NAME = "Software key for scripts"


@dataclass(frozen=True, slots=True)
class SoftwareKey:
    """What a script needs to sign: P-256, ES256, base64url without padding."""

    credential_id: str
    user_handle: str
    private_key: str
    rp_id: str
    origin: str

    def to_dict(self) -> dict[str, Any]:
        """As `seed_demo --json` prints it."""
        return {
            "credential_id": self.credential_id,
            "user_handle": self.user_handle,
            "algorithm": "ES256",
            "private_key": self.private_key,
            "rp_id": self.rp_id,
            "origin": self.origin,
            "sign_count": 0,
        }


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def give_software_key(person: User) -> SoftwareKey:
    """Makes a key that confirms this person's approvals; signing in goes on without it. The caller gives it away."""
    private, credential_id = ec.generate_private_key(ec.SECP256R1()), new_seed()
    Authenticator.objects.create(
        user=person,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": NAME, "credential": _registration(private, credential_id), FOR_APPROVALS: True},
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SoftwareKey(
        credential_id=_text(credential_id),
        user_handle=_text(user_pk_to_url_str(person).encode()),
        private_key=pem.decode(),
        rp_id=settings.AARM_PASSKEY_DOMAIN,
        origin=settings.AARM_PASSKEY_ORIGINS[0],
    )


def _registration(private: ec.EllipticCurvePrivateKey, credential_id: bytes) -> dict[str, Any]:
    """What a browser would have sent when it made the key."""
    public = ES256.from_cryptography_key(private.public_key())  # type: ignore[no-untyped-call]
    credential = AttestedCredentialData.create(Aaguid.NONE, credential_id, public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(sha256(settings.AARM_PASSKEY_DOMAIN.encode()).digest(), flags, 0, credential)
    client = CollectedClientData.create(
        type=CollectedClientData.TYPE.CREATE, challenge=new_seed(), origin=settings.AARM_PASSKEY_ORIGINS[0]
    )
    attestation = AttestationObject.create("none", data, {})
    response = {"clientDataJSON": _text(bytes(client)), "attestationObject": _text(bytes(attestation))}
    return {"id": _text(credential_id), "rawId": _text(credential_id), "type": "public-key", "response": response}
