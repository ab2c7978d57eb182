"""Authenticated encryption of what may have to be destroyed: AES-256-GCM, bound to what the bytes belong to.

Keys and nonces come in as arguments. Sealed bytes are the nonce, the ciphertext and the tag, one after the other.

    SealingError: sealed bytes can't be opened: another key, another place, or altered
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_LENGTH = 32
NONCE_LENGTH = 12


class SealingError(Exception):
    """Sealed bytes are not what was sealed with this key for this place."""


def seal(data: bytes, *, key: bytes, nonce: bytes, place: str) -> bytes:
    """`data`, encrypted under 32 bytes of key. `nonce` is 12 bytes that this key never sees again."""
    return nonce + AESGCM(key).encrypt(nonce, data, place.encode())


def unseal(sealed: bytes, *, key: bytes, place: str) -> bytes:
    """What was sealed under `key` for `place`. Raises SealingError."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise SealingError("Sealed bytes can't be opened with this key.") from error
