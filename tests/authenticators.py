"""A passkey in a few lines, without a library of its own: what a script does with the key that `seed_demo` printed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from time import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PRESENT, VERIFIED = 1, 4
# One key may be used by a script and by a browser, which counts on by itself from where it is told to.
_counts = count(int(time()), 1000)


def next_count() -> int:
    """A number that no key of this run has said yet."""
    return next(_counts)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(key: Mapping[str, Any], challenge: str, **said: Any) -> dict[str, Any]:
    """The assertion over `challenge`, as a browser would send it; `said` is what an honest one wouldn't say."""
    client = {"type": "webauthn.get", "challenge": challenge, "origin": key["origin"], "crossOrigin": False}
    client_bytes = json.dumps(client | said.get("client", {})).encode()
    flags = said.get("flags", PRESENT | VERIFIED)
    counter = said.get("counter", key["sign_count"])
    rp_digest = sha256(said.get("rp_id", key["rp_id"]).encode()).digest()
    data = rp_digest + bytes([flags]) + counter.to_bytes(4, "big")
    private = load_pem_private_key(said.get("private_key", key["private_key"]).encode(), password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    signature = private.sign(data + sha256(client_bytes).digest(), ec.ECDSA(SHA256()))
    response = {
        "clientDataJSON": _text(client_bytes),
        "authenticatorData": _text(data),
        "signature": _text(signature),
        "userHandle": key["user_handle"],
    }
    return {"id": key["credential_id"], "rawId": key["credential_id"], "type": "public-key", "response": response}
