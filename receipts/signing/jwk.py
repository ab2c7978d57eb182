"""Public keys as JSON Web Keys: their ids, and when they were in use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from receipts.signing.algorithms import PublicHalf
from receipts.signing.canonical import MAX_INTEGER, canonical_bytes
from receipts.signing.ed25519 import Ed25519Public
from receipts.signing.encoding import encode_base64url
from receipts.signing.errors import KeyFormatError
from receipts.signing.p256 import P256Public
from receipts.signing.times import format_time, parse_time

KINDS: Final[Mapping[tuple[object, object], type[Ed25519Public | P256Public]]] = {
    ("OKP", "Ed25519"): Ed25519Public,
    ("EC", "P-256"): P256Public,
}


@dataclass(frozen=True, slots=True)
class History:
    """The aware times between which a key signs, that of its revocation, and the sizes of the log at either end."""

    created_at: datetime
    retired_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_size: int | None = None
    retired_size: int | None = None

    def to_members(self) -> dict[str, str | int]:
        """What has happened, as members of a JWK."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: format_time(value) if isinstance(value, datetime) else value
            for name, value in found.items()
            if value is not None
        }

    @classmethod
    def from_members(cls, jwk: Mapping[str, object]) -> History:
        """Reads the members of a JWK. Raises KeyFormatError."""
        created_at = _time(jwk, name="created_at")
        if created_at is None:
            raise KeyFormatError(f"The key {jwk.get('kid')!a} has no created_at.")
        return cls(
            created_at,
            _time(jwk, name="retired_at"),
            _time(jwk, name="revoked_at"),
            _size(jwk, name="revoked_size"),
            _size(jwk, name="retired_size"),
        )


def key_id_of(public: PublicHalf) -> str:
    """`aarm-` and the first 16 characters of the RFC 7638 thumbprint of a public key."""
    return "aarm-" + encode_base64url(hashlib.sha256(canonical_bytes(public.members)).digest())[:16]


def jwk_of(public: PublicHalf, *, history: History) -> dict[str, str | int]:
    """A public key as one entry of a key file."""
    named = {"kid": key_id_of(public), "alg": public.algorithm.value, "use": "sig"}
    return {**public.members, **named, **history.to_members()}


def read_public(jwk: Mapping[str, object]) -> PublicHalf | None:
    """The key of an entry of a key file; None for a kind that this version doesn't know.

    Raises KeyFormatError for one that is unsound, listed under another key's id, or meant for another use.
    """
    # Compared and not looked up: a member of a file may be a list, which has no hash.
    named = (jwk.get("kty"), jwk.get("crv"))
    kind = next((found for name, found in KINDS.items() if name == named), None)
    if kind is None:
        return None
    public = kind.from_members(jwk)
    key_id = key_id_of(public)
    if jwk.get("kid") != key_id:
        raise KeyFormatError(f"The key {key_id} is listed under an id that is not its own.")
    if jwk.get("alg", kind.algorithm) not in kind.names or jwk.get("use", "sig") != "sig":
        raise KeyFormatError(f"The key {key_id} is listed for another use than {kind.algorithm} signatures.")
    return public


def _time(jwk: Mapping[str, object], *, name: str) -> datetime | None:
    value = jwk.get(name)
    if value is None:
        return None
    try:
        return parse_time(value)
    except ValueError as error:
        raise KeyFormatError(f"The member {name} of a key is wrong. {error}") from error


def _size(jwk: Mapping[str, object], *, name: str) -> int | None:
    value = jwk.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_INTEGER:
        raise KeyFormatError(f"The member {name} of a key is no size of a log.")
    return value
