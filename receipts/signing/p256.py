"""ECDSA on P-256 with SHA-256 (`ES256`), for hardware and cloud services that have no Ed25519.

Whoever has one ECDSA signature (r, s) of a message can write down a second one, (r, n − s), without the key. So that a
receipt has one signature, issuers write the lower s and the higher one is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from receipts.signing.algorithms import SIGNATURE_LENGTH, Algorithm
from receipts.signing.encoding import coordinate, encode_base64url
from receipts.signing.errors import KeyFormatError

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
COORDINATE_LENGTH = 32

_HALF_ORDER = ORDER // 2
_UNCOMPRESSED = b"\x04"
_ECDSA = ec.ECDSA(hashes.SHA256())


def raw_signature(r: int, *, s: int) -> bytes:
    """r ‖ s as 64 bytes, with the lower of the two possible s."""
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def signature_from_der(der: bytes) -> bytes:
    """As `raw_signature`, of what OpenSSL and cloud services return. Raises ValueError if it is no signature."""
    r, s = decode_dss_signature(der)
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise ValueError("not a signature on P-256")
    return raw_signature(r, s=s)


def signature_from_pair(pair: bytes) -> bytes:
    """As `raw_signature`, of the r ‖ s with any s that hardware returns. Raises ValueError if it is no signature."""
    if len(pair) != SIGNATURE_LENGTH:
        raise ValueError("not a signature on P-256")
    return signature_from_der(encode_dss_signature(int.from_bytes(pair[:32], "big"), int.from_bytes(pair[32:], "big")))


@dataclass(frozen=True, slots=True)
class P256Public:
    """A point of P-256, 65 bytes uncompressed; a `PublicHalf`."""

    algorithm: ClassVar[Algorithm] = Algorithm.ES256
    names: ClassVar[tuple[str, ...]] = ("ES256",)

    point: bytes
    _key: ec.EllipticCurvePublicKey = field(repr=False, compare=False)

    @classmethod
    def from_point(cls, point: bytes) -> P256Public:
        """Raises KeyFormatError for what is not 0x04 ‖ x ‖ y with a point of the curve."""
        try:
            if not point.startswith(_UNCOMPRESSED):
                raise ValueError("not uncompressed")
            return cls(point, ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
        except ValueError as error:
            raise KeyFormatError("The members x and y of a key are not a point of P-256.") from error

    @classmethod
    def from_der(cls, der: bytes) -> P256Public:
        """Reads SubjectPublicKeyInfo. Raises KeyFormatError for another kind of key."""
        try:
            key = serialization.load_der_public_key(der)
        except ValueError as error:
            raise KeyFormatError("The public key can't be read.") from error
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise KeyFormatError("The public key is not one on P-256.", fix="Use a key for ECDSA on P-256.")
        return cls.from_key(key)

    @classmethod
    def from_key(cls, key: ec.EllipticCurvePublicKey) -> P256Public:
        """A key on P-256 that the library has read or made."""
        form = serialization.PublicFormat.UncompressedPoint
        return cls(key.public_bytes(serialization.Encoding.X962, form), key)

    @classmethod
    def from_members(cls, jwk: Mapping[str, object]) -> P256Public:
        """Reads `x` and `y`. Raises KeyFormatError."""
        pair = [coordinate(jwk, name=name) for name in ("x", "y")]
        if any(len(part) != COORDINATE_LENGTH for part in pair):
            raise KeyFormatError("The members x and y of a key have 32 bytes each.")
        return cls.from_point(_UNCOMPRESSED + b"".join(pair))

    @property
    def members(self) -> dict[str, str]:
        """`crv`, `kty`, `x` and `y`."""
        x, y = self.point[1:33], self.point[33:]
        return {"crv": "P-256", "kty": "EC", "x": encode_base64url(x), "y": encode_base64url(y)}

    def is_fitting(self, signature: bytes, *, data: bytes) -> bool:
        """Whether the 64 bytes r ‖ s, with the lower s, sign `data`."""
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if len(signature) != SIGNATURE_LENGTH or s > _HALF_ORDER:
            return False
        try:
            self._key.verify(encode_dss_signature(r, s), data, _ECDSA)
        except InvalidSignature:
            return False
        return True
