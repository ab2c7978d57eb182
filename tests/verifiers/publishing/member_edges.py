"""Members of the payload and the envelope at their limits, and which of two faults gives the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.verifiers.publishing.case import Case, case, receipt, spelt

TYPES = (
    "decision", "deferral_terminal", "vote", "approval_terminal", "claim", "claim_refused", "outcome", "session_opened",
    "session_ended", "policy_published", "administration", "key_created", "key_retired", "key_revoked", "erasure",
    "recovery", "export", "disclosure",
)  # fmt: skip
DIGEST = "sha256:" + "0" * 64
# name of the case: the verdict, and what is changed in an ordinary receipt
MEMBERS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "name of 200 characters": (None, {"stream": "a" * 200}),
    "name with every sign": (None, {"stream": "0._:/@+=-"}),
    "name of 201 characters": ("malformed", {"stream": "a" * 201}),
    "empty name": ("malformed", {"id": ""}),
    "name that begins with a sign": ("malformed", {"id": "-a"}),
    "name with a space": ("malformed", {"id": "a b"}),
    "name with a line break at its end": ("malformed", {"id": "a\n"}),
    "name with a letter beyond ASCII": ("malformed", {"deployment": "é.example"}),
    "name with digits beyond ASCII": ("malformed", {"id": "٣"}),
    "last position": (None, {"position": 2**53 - 1, "previous": DIGEST}),
    "position 1.5": ("malformed", {"position": 1.5, "previous": DIGEST}),
    "position as a text": ("malformed", {"position": "1"}),
    "position true": ("malformed", {"position": True}),
    "previous as an empty text": ("malformed", {"previous": ""}),
    "previous in capitals": ("malformed", {"position": 2, "previous": "sha256:" + "A" * 64}),
    "previous too short": ("malformed", {"position": 2, "previous": "sha256:" + "0" * 63}),
    "previous of another hash": ("malformed", {"position": 2, "previous": "sha512:" + "0" * 64}),
    "29 February of a leap year": (None, {"issued_at": "2028-02-29T09:00:00.000000Z"}),
    "29 February of another year": ("malformed", {"issued_at": "2027-02-29T09:00:00.000000Z"}),
    "leap second": ("malformed", {"issued_at": "2026-11-03T23:59:60.000000Z"}),
    "hour 24": ("malformed", {"issued_at": "2026-11-03T24:00:00.000000Z"}),
    "month 13": ("malformed", {"issued_at": "2026-13-03T09:00:00.000000Z"}),
    "year 0": ("malformed", {"issued_at": "0000-01-01T00:00:00.000000Z"}),
    "time in small letters": ("malformed", {"issued_at": "2026-11-03t09:00:00.000000z"}),
    "time with three digits of a second": ("malformed", {"issued_at": "2026-11-03T09:00:00.000Z"}),
    "time as a number": ("malformed", {"issued_at": 1793696400}),
    "body that is a list": ("malformed", {"body": []}),
    "commitments that are null": ("malformed", {"body": {"commitments": None}}),
    "commitments that are none": (None, {"body": {"commitments": {}}}),
    "version as a text": ("malformed", {"v": "1"}),
    "version 0": ("unsupported", {"v": 0}),
    "version 1.5": ("unsupported", {"v": 1.5}),
    "type that is no text": ("unsupported", {"type": 1}),
    "algorithm in capitals": ("unsupported", {"alg": "ED25519"}),
    "algorithm EdDSA": ("unsupported", {"alg": "EdDSA"}),
    "other payload type and wrong position": ("unsupported", {"payload_type": "text/plain", "position": 0}),
    "other version and unknown member": ("unsupported", {"v": 2, "critical": 1, "position": 0}),
    "unknown member and wrong time": ("unsupported", {"critical": 1, "issued_at": "now"}),
    "algorithm of another key": ("tampered", {"alg": "ES256"}),
    "another key's id": ("tampered", {"key_id": "aarm-0000000000000000"}),
    "another key's id, issued too early": (
        "tampered", {"key_id": "aarm-0000000000000000", "issued_at": "2020-01-01T00:00:00.000000Z"},
    ),
}  # fmt: skip


def member_cases() -> Iterator[Case]:
    for name, (verdict, changes) in MEMBERS.items():
        yield case(f"signed, {name}", verdict, receipt(**changes))
    for kind in TYPES:
        yield case(f"type {kind}", None, receipt(type=kind))
    yield case("signed, version 1.0", "malformed", spelt('"v":1', '"v":1.0'))
    yield case("signed, version 2.0", "unsupported", spelt('"v":1', '"v":2.0'))
    yield from _envelopes()


def _envelopes() -> Iterator[Case]:
    good = next(item for item in (receipt(body={"x": ">" * size}) for size in range(3)) if item["payload"][-1] == "=")
    inner = good["signatures"][0]
    payload = good["payload"]
    changes: dict[str, tuple[str, Any]] = {
        "payload in the URL alphabet": ("malformed", {"payload": "_-" + payload[2:]}),
        "payload without padding": ("malformed", {"payload": payload.rstrip("=")}),
        "payload with too much padding": ("malformed", {"payload": payload + "="}),
        "payload with a space": ("malformed", {"payload": payload + " "}),
        "payload that is no text": ("malformed", {"payload": None}),
        "empty payload": ("bad_signature", {"payload": ""}),
        "payload type that is no text": ("unsupported", {"payloadType": None}),
        "payload type in capitals": ("unsupported", {"payloadType": good["payloadType"].upper()}),
        "other payload type, no signature": ("unsupported", {"payloadType": "text/plain", "signatures": []}),
        "signature that is no object": ("malformed", {"signatures": ["a"]}),
        "signatures that are an object": ("malformed", {"signatures": {"0": inner}}),
        "key id that is no text": ("malformed", {"signatures": [{**inner, "keyid": 1}]}),
        "empty key id": ("malformed", {"signatures": [{**inner, "keyid": ""}]}),
        "key id of 81 characters": ("malformed", {"signatures": [{**inner, "keyid": "a" * 81}]}),
        "key id of 80 characters beyond the BMP": (
            "untrusted_key",
            {"signatures": [{**inner, "keyid": "\U0001f511" * 80}]},
        ),
        "key id with a space": ("untrusted_key", {"signatures": [{**inner, "keyid": inner["keyid"] + " "}]}),
        "certificate that came along": ("malformed", {"signatures": [{**inner, "cert": "…"}]}),
        "member beside the payload": ("malformed", {"comment": "hello"}),
    }
    for name, (verdict, members) in changes.items():
        yield case(f"envelope, {name}", verdict, {**good, **members})
