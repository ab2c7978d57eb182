"""How tokens and people are named in the list of what was revoked, and by what is asked with a token.

A subject can be guessed, and so could its digest be by whoever reads a row or a receipt. It is therefore taken with a
key that neither says. Names that were given before there was one count as they did.
"""

from __future__ import annotations

import hmac

from receipts.services.sealing import lasting_key
from receipts.signing.canonical import sha256_digest

_DOMAIN, _KEYED = b"aarm/revoked/v1\x00", "hmac:"


def revocation_digest(kind: str, value: str) -> str:
    """The name of a token (`jti`) or a person (`sub`) from now on. Raises `payload_key_unavailable`."""
    return _keyed(_unkeyed(kind, value))


def revocation_digests(kind: str, value: str) -> tuple[str, str]:
    """Every name under which it may stand in the list. Raises `payload_key_unavailable`."""
    unkeyed = _unkeyed(kind, value)
    return _keyed(unkeyed), unkeyed


def known_names(digest: str) -> tuple[str, ...]:
    """The same for what is known by a name only. Raises `payload_key_unavailable`."""
    return (digest,) if digest.startswith(_KEYED) else (_keyed(digest), digest)


def _unkeyed(kind: str, value: str) -> str:
    return sha256_digest(f"{kind}:{value}".encode())


def _keyed(unkeyed: str) -> str:
    return _KEYED + hmac.digest(lasting_key().secret, _DOMAIN + unkeyed.encode(), "sha256").hex()
