"""Random identifiers with a prefix that says what they name, random bytes, and names of people as they are compared."""

from __future__ import annotations

import secrets
from unicodedata import normalize

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 40


def new_id(prefix: str) -> str:
    """`prefix_` and 26 characters of Crockford base32: 130 random bits, not to be guessed (CHN-19)."""
    number = secrets.randbits(130)
    return prefix + "_" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def new_seed() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(32)


def folded(name: str) -> str:
    """A person's name or address as it is compared: spellings that look alike are one (APR-08)."""
    return normalize("NFKC", normalize("NFKC", name).strip().casefold())
