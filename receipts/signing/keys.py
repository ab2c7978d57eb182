"""Keys: who signs, and whom the caller trusts.

A key id is derived from the key (RFC 7638), so a file can't give one key another one's name. Private keys never appear
in a representation or in a key file; a `Signer` may as well be a remote service or a hardware module.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from receipts.signing.canonical import canonical_bytes
from receipts.signing.ed25519 import is_sound_public_key
from receipts.signing.encoding import decode_base64url, encode_base64url
from receipts.signing.errors import (
    BadSignatureError,
    KeyFormatError,
    RevokedKeyError,
    UnsupportedError,
    UntrustedKeyError,
)
from receipts.signing.statement import Algorithm
from receipts.signing.times import format_time, parse_time

# Keys and receipts may get their times from two hosts' clocks.
CLOCK_TOLERANCE = timedelta(minutes=5)
SEED_LENGTH = 32


def key_id_of(raw: bytes) -> str:
    """`aarm-` and the first 16 characters of the RFC 7638 thumbprint of an Ed25519 public key of 32 bytes."""
    required = {"crv": "Ed25519", "kty": "OKP", "x": encode_base64url(raw)}
    return "aarm-" + encode_base64url(hashlib.sha256(canonical_bytes(required)).digest())[:16]


class Signer(Protocol):
    """Whatever can sign receipts."""

    @property
    def key_id(self) -> str:
        """The id under which the public key is published."""

    @property
    def algorithm(self) -> str:
        """A member of `Algorithm`."""

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of `data`."""

    def public_jwk(
        self, *, created_at: datetime, retired_at: datetime | None = None, revoked_at: datetime | None = None
    ) -> dict[str, str]:
        """The public key as one entry of a key file."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key held in memory; a `Signer`."""

    key_id: str
    algorithm: str
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key of 32 secret random bytes (RFC 8032). Raises KeyFormatError for another length."""
        if len(seed) != SEED_LENGTH:
            raise KeyFormatError(
                f"A key seed has {SEED_LENGTH} bytes.", fix="Use 32 bytes from a secure random source."
            )
        return cls._of(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_pem(cls, pem: bytes) -> SigningKey:
        """Reads unencrypted PKCS #8. Raises KeyFormatError for anything else, and for other algorithms."""
        try:
            private = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyFormatError("The signing key is not an unencrypted PKCS #8 PEM file.", fix=_RESTORE) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyFormatError("The signing key is not an Ed25519 key.", fix=_RESTORE)
        return cls._of(private)

    @classmethod
    def _of(cls, private: Ed25519PrivateKey) -> SigningKey:
        raw = private.public_key().public_bytes_raw()
        return cls(key_id=key_id_of(raw), algorithm=Algorithm.ED25519.value, _private=private)

    def to_pem(self) -> bytes:
        """Unencrypted PKCS #8: a secret. Write it to a file that only its owner may read."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, data: bytes) -> bytes:
        """The 64-byte Ed25519 signature of `data`; the same every time."""
        return self._private.sign(data)

    def public_jwk(
        self, *, created_at: datetime, retired_at: datetime | None = None, revoked_at: datetime | None = None
    ) -> dict[str, str]:
        """The public key as a JWK with the aware times between which it signs, and of its revocation."""
        times = {"created_at": created_at, "retired_at": retired_at, "revoked_at": revoked_at}
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": encode_base64url(self._private.public_key().public_bytes_raw()),
            "kid": self.key_id,
            "alg": self.algorithm,
            "use": "sig",
            **{name: format_time(moment) for name, moment in times.items() if moment is not None},
        }


_RESTORE = "Restore the key file from its backup; a new key is published under a new id."


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that the caller trusts, and when it was in use. A retired key still verifies what it signed before."""

    key_id: str
    algorithm: str
    created_at: datetime
    retired_at: datetime | None
    revoked_at: datetime | None
    _public: Ed25519PublicKey = field(repr=False)

    def verify(self, data: bytes, *, signature: bytes) -> None:
        """Returns if `signature` fits `data`, else raises BadSignatureError."""
        try:
            self._public.verify(signature, data)
        except InvalidSignature as error:
            raise BadSignatureError(f"The signature does not fit the receipt and the key {self.key_id}.") from error

    def require_use_at(self, moment: datetime) -> None:
        """Returns if this key was in use at the aware `moment` and was never revoked.

        Raises UntrustedKeyError outside the time of use, with a tolerance of five minutes. Raises RevokedKeyError for a
        revoked key whatever the moment: whoever holds the key can write any time into a receipt.
        """
        if self.revoked_at is not None:
            raise RevokedKeyError(f"The key {self.key_id} was revoked at {format_time(self.revoked_at)}.")
        if moment < self.created_at - CLOCK_TOLERANCE:
            raise UntrustedKeyError(f"The receipt is older than its key {self.key_id}.")
        if self.retired_at is not None and moment > self.retired_at + CLOCK_TOLERANCE:
            raise UntrustedKeyError(f"The key {self.key_id} had been retired when the receipt was issued.")


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that a caller trusts, from a source of its own choice and never from a receipt."""

    _keys: Mapping[str, PublicKey]
    _unsupported: frozenset[object]

    @classmethod
    def from_jwks(cls, document: object) -> KeySet:
        """Reads `{"keys": [JWK, …]}`, parsed. Keys of other kinds are remembered by id only.

        Raises KeyFormatError for a private key, a key whose id is not its own, an unsound key, and two of one id.
        """
        entries = document.get("keys") if isinstance(document, Mapping) else None
        if not isinstance(entries, list) or not entries:
            raise KeyFormatError("A key file is an object whose member keys is a list of at least one key.")
        keys: dict[str, PublicKey] = {}
        unsupported: set[object] = set()
        for jwk in map(_jwk, entries):
            if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
                unsupported.add(jwk["kid"])
                continue
            key = _public_key(jwk)
            if key.key_id in keys:
                raise KeyFormatError(f"The key file lists {key.key_id} twice.")
            keys[key.key_id] = key
        return cls(_keys=keys, _unsupported=frozenset(unsupported))

    def find(self, key_id: str) -> PublicKey:
        """The trusted key of that id. Raises UntrustedKeyError, or UnsupportedError for a key of another kind."""
        key = self._keys.get(key_id)
        if key is not None:
            return key
        if key_id in self._unsupported:
            raise UnsupportedError("The receipt was signed with a kind of key that this verifier does not know.")
        raise UntrustedKeyError(f"The key {key_id!a} is not among the keys that you trust.")


def _jwk(entry: object) -> Mapping[str, object]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("kid"), str):
        raise KeyFormatError("Every key in a key file is an object with an id in its member kid.")
    if "d" in entry or entry.get("kty") == "oct":
        raise KeyFormatError(
            "The key file holds a private key.", fix="Treat that key as known to others: revoke it, publish a new one."
        )
    return entry


def _public_key(jwk: Mapping[str, object]) -> PublicKey:
    """One Ed25519 entry, checked. Both JOSE names of the algorithm are in use (RFC 8037, RFC 9864)."""
    raw = _point(jwk.get("x"))
    key_id = key_id_of(raw)
    if jwk.get("kid") != key_id:
        raise KeyFormatError(f"The key {key_id} is listed under an id that is not its own.")
    if jwk.get("alg", "Ed25519") not in ("Ed25519", "EdDSA") or jwk.get("use", "sig") != "sig":
        raise KeyFormatError(f"The key {key_id} is listed for another use than Ed25519 signatures.")
    created_at = _time(jwk, name="created_at")
    if created_at is None:
        raise KeyFormatError(f"The key {key_id} has no created_at.")
    return PublicKey(
        key_id=key_id,
        algorithm=Algorithm.ED25519.value,
        created_at=created_at,
        retired_at=_time(jwk, name="retired_at"),
        revoked_at=_time(jwk, name="revoked_at"),
        _public=Ed25519PublicKey.from_public_bytes(raw),
    )


def _point(text: object) -> bytes:
    try:
        raw = decode_base64url(text)
    except ValueError as error:
        raise KeyFormatError(f"The member x of a key is {error}.") from error
    if not is_sound_public_key(raw):
        raise KeyFormatError("The member x of a key is not a sound Ed25519 public key.")
    return raw


def _time(jwk: Mapping[str, object], *, name: str) -> datetime | None:
    value = jwk.get(name)
    if value is None:
        return None
    try:
        return parse_time(value)
    except ValueError as error:
        raise KeyFormatError(f"The member {name} of a key is wrong. {error}") from error
