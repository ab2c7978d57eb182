"""One published case, and the ordinary receipt that most of them are changes of."""

from __future__ import annotations

import base64
from typing import Any

import rfc8785

from tests.verifiers.holders import CAST, PAYLOAD_TYPE, Holder, envelope_of

Json = Any
Case = dict[str, Json]
ALICE, BOB, CHARLIE, DORA, GRACE = CAST
KEYS = {
    "keys": [
        ALICE.jwk,
        {**BOB.jwk, "retired_at": "2026-06-01T00:00:00.000000Z"},
        {**DORA.jwk, "revoked_at": "2026-12-01T00:00:00.000000Z", "revoked_size": 100},
        GRACE.jwk,
    ]
}


def case(name: str, verdict: str | None, file: Json, **options: Json) -> Case:
    """`verdict` is the reason, None for valid; wrong use has none in the file. Bytes are published as base64."""
    kind = "base64" if isinstance(file, bytes) else "text" if isinstance(file, str) else "file"
    content = base64.b64encode(file).decode() if isinstance(file, bytes) else file
    reason = None if verdict == "usage" else verdict
    return {"name": name, "exit_code": EXIT_CODES[verdict], "reason": reason, kind: content, **options}


EXIT_CODES: dict[str | None, int] = {
    None: 0, "malformed": 1, "tampered": 2, "bad_signature": 2, "commitment_mismatch": 2, "broken_chain": 2, "fork": 3,
    "untrusted_key": 4, "revoked_key": 4, "unsupported": 5, "usage": 64,
}  # fmt: skip


def statement(*, holder: Holder = ALICE, **changes: Json) -> Json:
    """The members of an ordinary first receipt, with changes."""
    return {
        "v": 1,
        "payload_type": PAYLOAD_TYPE,
        "alg": "ES256" if holder is GRACE else "Ed25519",
        "key_id": holder.jwk["kid"],
        "id": "rct_first",
        "type": "decision",
        "stream": "session/ses_alice",
        "position": 1,
        "previous": None,
        "issued_at": "2026-11-03T09:00:00.000000Z",
        "deployment": "vectors.example",
        "body": {},
        **changes,
    }


def receipt(*, holder: Holder = ALICE, **changes: Json) -> Json:
    return envelope_of(rfc8785.dumps(statement(holder=holder, **changes)), holder=holder)


def spelt(old: str, new: str, **changes: Json) -> Json:
    """A receipt whose bytes were spelt otherwise before they were signed."""
    payload = rfc8785.dumps(statement(**changes)).decode()
    assert old in payload
    return envelope_of(payload.replace(old, new, 1).encode(), holder=ALICE)
