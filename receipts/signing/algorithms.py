"""The signature algorithms, by their JOSE names (RFC 7518, RFC 9864), and what public keys of each can do."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

# The same for both: R ‖ S of Ed25519, r ‖ s of ECDSA on P-256.
SIGNATURE_LENGTH = 64


class Algorithm(StrEnum):
    """What signs receipts."""

    ED25519 = "Ed25519"
    ES256 = "ES256"


class PublicHalf(Protocol):
    """A sound public key of one algorithm."""

    @property
    def algorithm(self) -> Algorithm:
        """What it verifies."""

    @property
    def members(self) -> dict[str, str]:
        """What RFC 7638 takes the thumbprint of: `kty`, `crv` and the coordinates."""

    def is_fitting(self, signature: bytes, *, data: bytes) -> bool:
        """Whether `signature`, in its one spelling, is one of `data` under this key."""
