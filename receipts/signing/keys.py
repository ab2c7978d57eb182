"""Keys: who signs, and whom the caller trusts.

A key id is derived from the key (RFC 7638), so a file can't give one key another one's name. Private keys never appear
in a representation or in a key file; a `Signer` may as well be a remote service or a hardware module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from receipts.signing.algorithms import Algorithm, PublicHalf
from receipts.signing.ed25519 import Ed25519Public
from receipts.signing.errors import (
    BadSignatureError,
    KeyFormatError,
    RevokedKeyError,
    UnsupportedError,
    UntrustedKeyError,
)
from receipts.signing.jwk import History, key_id_of, read_public
from receipts.signing.p256 import P256Public, signature_from_der
from receipts.signing.times import format_time

# Keys and receipts may get their times from two hosts' clocks.
CLOCK_TOLERANCE = timedelta(minutes=5)
SEED_LENGTH = 32


class Signer(Protocol):
    """Whatever can sign receipts."""

    @property
    def key_id(self) -> str:
        """The id under which the public key is published."""

    @property
    def algorithm(self) -> str:
        """A member of `Algorithm`."""

    @property
    def public(self) -> PublicHalf:
        """The public key; `jwk_of` writes it down."""

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of `data`."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key held in memory; a `Signer`."""

    key_id: str
    algorithm: str
    public: PublicHalf = field(repr=False)
    _private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The Ed25519 key of 32 secret random bytes (RFC 8032). Raises KeyFormatError for another length."""
        if len(seed) != SEED_LENGTH:
            raise KeyFormatError(
                f"A key seed has {SEED_LENGTH} bytes.", fix="Use 32 bytes from a secure random source."
            )
        return cls._of(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_pem(cls, pem: bytes, *, passphrase: bytes | None = None) -> SigningKey:
        """Reads PKCS #8 with an Ed25519 or P-256 key, encrypted exactly if there is a passphrase.

        Raises KeyFormatError for anything else.
        """
        try:
            private = serialization.load_pem_private_key(pem, password=passphrase)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyFormatError(
                "The signing key is not a PKCS #8 PEM file, or its passphrase is missing or not the right one.",
                fix=_RESTORE,
            ) from error
        if isinstance(private, Ed25519PrivateKey):
            return cls._of(private)
        if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
            return cls._of(private)
        raise KeyFormatError("The signing key is neither an Ed25519 nor a P-256 key.", fix=_RESTORE)

    @classmethod
    def _of(cls, private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> SigningKey:
        public: PublicHalf
        if isinstance(private, Ed25519PrivateKey):
            public = Ed25519Public.from_raw(private.public_key().public_bytes_raw())
        else:
            public = P256Public.from_key(private.public_key())
        return cls(key_id_of(public), public.algorithm.value, public, private)

    def to_pem(self, *, passphrase: bytes | None = None) -> bytes:
        """PKCS #8, encrypted if there is a passphrase. Write it to a file that only its owner may read."""
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase is not None:
            protection = serialization.BestAvailableEncryption(passphrase)
        return self._private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of `data`; with Ed25519 the same every time."""
        if isinstance(self._private, Ed25519PrivateKey):
            return self._private.sign(data)
        return signature_from_der(self._private.sign(data, ec.ECDSA(hashes.SHA256())))


_RESTORE = "Restore the key file from its backup; a new key is published under a new id."


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that the caller trusts, and when it was in use. A retired key still verifies what it signed before."""

    key_id: str
    history: History
    public: PublicHalf = field(repr=False)

    @property
    def algorithm(self) -> Algorithm:
        """What receipts that this key signed name as `alg`."""
        return self.public.algorithm

    def verify(self, data: bytes, *, signature: bytes) -> None:
        """Returns if `signature` fits `data`, else raises BadSignatureError."""
        if not self.public.is_fitting(signature, data=data):
            raise BadSignatureError(f"The signature does not fit the receipt and the key {self.key_id}.")

    def require_use_at(self, moment: datetime, *, leaf_index: int | None = None) -> None:
        """Returns if this key was in use at the aware `moment`, and not revoked before.

        Raises UntrustedKeyError outside the time of use, with a tolerance of five minutes, and at a place in the log of
        after its retirement. Whoever else holds a revoked key can write any time into a receipt: RevokedKeyError is
        raised unless `leaf_index`, the place in the log that
        the caller has proven, lies before the revocation.
        """
        self._require_place(leaf_index)
        if leaf_index is not None:
            self.require_use_in(leaf_index + 1)
        if self.history.created_at - moment > CLOCK_TOLERANCE:
            raise UntrustedKeyError(f"The receipt is older than its key {self.key_id}.")
        retired_at = self.history.retired_at
        if retired_at is not None and moment - retired_at > CLOCK_TOLERANCE:
            raise UntrustedKeyError(f"The key {self.key_id} had been retired when the receipt was issued.")

    def require_use_in(self, size: int) -> None:
        """Returns if this key had not retired before the log had `size` receipts. Raises UntrustedKeyError.

        Whoever holds a retired key can write an earlier time, but takes no earlier place.
        """
        end = self.history.retired_size
        if end is not None and size > end:
            raise UntrustedKeyError(f"The key {self.key_id} had been retired when the log had {size} receipts.")

    def _require_place(self, leaf_index: int | None) -> None:
        revoked_at, size = self.history.revoked_at, self.history.revoked_size
        if revoked_at is None:
            return
        if leaf_index is None or size is None or leaf_index >= size:
            raise RevokedKeyError(
                f"The key {self.key_id} was revoked at {format_time(revoked_at)}, and nothing shows that the receipt "
                "was in the log before that."
            )


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
            public = read_public(jwk)
            if public is None:
                unsupported.add(jwk["kid"])
                continue
            key = PublicKey(key_id_of(public), History.from_members(jwk), public)
            if key.key_id in keys:
                raise KeyFormatError(f"The key file lists {key.key_id} twice.")
            keys[key.key_id] = key
        return cls(_keys=keys, _unsupported=frozenset(unsupported))

    def __iter__(self) -> Iterator[PublicKey]:
        return iter(self._keys.values())

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
