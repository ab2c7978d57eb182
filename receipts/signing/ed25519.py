"""Which Ed25519 public keys count.

RFC 8032 leaves room that real libraries fill differently: points written in more than one way, and points of small
order, under which one signature can fit many messages. No honest key generation makes such keys, so they are refused
when they are loaded, and every verifier gives the same verdict. Signatures are left to the library, which refuses
S ≥ ℓ and compares R byte for byte.
"""

from __future__ import annotations

PUBLIC_KEY_LENGTH = 32
SIGNATURE_LENGTH = 64

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
