"""Ed25519 (RFC 8032), and which of its public keys count.

RFC 8032 leaves room that real libraries fill differently: points written in more than one way, and points of small
order, under which one signature can fit many messages. No honest key generation makes such keys, so they are refused
when they are loaded, and every verifier gives the same verdict. Signatures are left to the library, which refuses
S ≥ ℓ and compares R byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from receipts.signing.algorithms import Algorithm
from receipts.signing.encoding import coordinate, encode_base64url
from receipts.signing.errors import KeyFormatError

PUBLIC_KEY_LENGTH = 32

_FIELD = 2**255 - 19
_SIGN_BIT = 2**255
# The y coordinates of the eight points whose order divides the cofactor 8; each y but ±1 belongs to two of them.
_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _FIELD - 1,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    }
)


def is_sound_public_key(raw: bytes) -> bool:
    """Whether `raw` is 32 bytes, written canonically, and not one of the small-order points."""
    if len(raw) != PUBLIC_KEY_LENGTH:
        return False
    y = int.from_bytes(raw, "little") % _SIGN_BIT
    return y < _FIELD and y not in _SMALL_ORDER


@dataclass(frozen=True, slots=True)
class Ed25519Public:
    """A sound Ed25519 public key, 32 bytes; a `PublicHalf`."""

    algorithm: ClassVar[Algorithm] = Algorithm.ED25519
    # RFC 8037 had one name for both Edwards curves.
    names: ClassVar[tuple[str, ...]] = ("Ed25519", "EdDSA")

    raw: bytes
    _key: Ed25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def from_raw(cls, raw: bytes) -> Ed25519Public:
        """Raises KeyFormatError for a point that is refused."""
        if not is_sound_public_key(raw):
            raise KeyFormatError("The member x of a key is not a sound Ed25519 public key.")
        return cls(raw, Ed25519PublicKey.from_public_bytes(raw))

    @classmethod
    def from_members(cls, jwk: Mapping[str, object]) -> Ed25519Public:
        """Reads `x`. Raises KeyFormatError."""
        return cls.from_raw(coordinate(jwk, name="x"))

    @property
    def members(self) -> dict[str, str]:
        """`crv`, `kty` and `x`."""
        return {"crv": "Ed25519", "kty": "OKP", "x": encode_base64url(self.raw)}

    def is_fitting(self, signature: bytes, *, data: bytes) -> bool:
        """Whether the 64 bytes R ‖ S sign `data`."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True
