"""Writes `es256.json`: receipts under ECDSA keys and revoked keys, in the form of `receipts.json`.

    python tests/vectors/receipts/generate_es256.py > tests/vectors/receipts/es256.json

A case may have a key file of its own. It shares no code with `receipts.signing`; signatures are deterministic
(RFC 6979), so that running it again gives the same file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import rfc8785
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

Json = Any
PAYLOAD_TYPE = "application/vnd.aarm.receipt+json"
ORIGIN = "vectors.example/receipts"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
CREATED = "2026-01-01T00:00:00.000000Z"
START = "2026-11-03T09:00:00.000000Z"
REVOKED = "2026-12-01T00:00:00.000000Z"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def key_id(members: dict[str, str]) -> str:
    return "aarm-" + base64url(hashlib.sha256(rfc8785.dumps(members)).digest())[:16]


def low(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


class Ed25519:
    """A key by the name of its holder, whose hash is its seed."""

    alg = "Ed25519"

    def __init__(self, holder: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(holder.encode()).digest())
        self.raw = self.private.public_key().public_bytes_raw()
        self.members = {"crv": "Ed25519", "kty": "OKP", "x": base64url(self.raw)}
        self.id = key_id(self.members)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)

    def note_hash(self) -> bytes:
        return hashlib.sha256(ORIGIN.encode() + b"\n\x01" + self.raw).digest()[:4]

    def note_signature(self, text: bytes) -> bytes:
        return self.sign(text)


class P256:
    """As `Ed25519`, with the hash as the private number."""

    alg = "ES256"

    def __init__(self, holder: str) -> None:
        number = int.from_bytes(hashlib.sha256(holder.encode()).digest(), "big") % ORDER
        self.private = ec.derive_private_key(number, ec.SECP256R1())
        found = self.private.public_key().public_numbers()
        x, y = (base64url(number.to_bytes(32, "big")) for number in (found.x, found.y))
        self.members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        self.id = key_id(self.members)

    def sign(self, message: bytes) -> bytes:
        return low(*self.pair(message))

    def pair(self, message: bytes) -> tuple[int, int]:
        return decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))

    def note_hash(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        der = self.private.public_key().public_bytes(serialization.Encoding.DER, form)
        return hashlib.sha256(der).digest()[:4]

    def note_signature(self, text: bytes) -> bytes:
        signature = self.sign(text)
        return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


Key = Ed25519 | P256


def jwk(key: Key, **more: Json) -> Json:
    return {**key.members, "kid": key.id, "alg": key.alg, "use": "sig", "created_at": CREATED, **more}


ALICE, CHARLIE, DORA = Ed25519("alice"), P256("charlie"), Ed25519("dora")
ERIN, FRANK, GRACE = P256("erin"), P256("frank"), P256("grace")
# Alice and Erin sign now; Frank's key has retired; Grace's and Dora's were revoked, Grace's with a size of the log.
KEYS = [
    jwk(ALICE),
    jwk(ERIN),
    jwk(FRANK, retired_at="2026-06-01T00:00:00.000000Z"),
    jwk(GRACE, revoked_at=REVOKED, revoked_size=1),
    jwk(DORA, revoked_at=REVOKED),
]

# Frank's key as it is listed by those who know how large the log was when it retired.
ENDED: dict[str, Json] = {"retired_at": "2027-01-01T00:00:00.000000Z"}
RETIRED = {"keys": [jwk(ERIN), jwk(FRANK, **ENDED, retired_size=1)]}


def message_of(payload: bytes) -> bytes:
    return b"DSSEv1 33 " + PAYLOAD_TYPE.encode() + b" " + str(len(payload)).encode() + b" " + payload


def envelope(payload: bytes, *, signature: bytes, keyid: str) -> Json:
    sig = base64.b64encode(signature).decode()
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": keyid, "sig": sig}],
    }


def payload_of(key: Key, **changes: Json) -> bytes:
    return rfc8785.dumps(
        {
            "v": 1,
            "payload_type": PAYLOAD_TYPE,
            "alg": key.alg,
            "key_id": key.id,
            "id": "rct_first",
            "type": "decision",
            "stream": "ses_erin",
            "position": 1,
            "previous": None,
            "issued_at": START,
            "deployment": "vectors.example",
            "body": {"decision": {"result": "ALLOW"}},
            **changes,
        }
    )


def receipt(key: Key, **changes: Json) -> Json:
    payload = payload_of(key, **changes)
    return envelope(payload, signature=key.sign(message_of(payload)), keyid=key.id)


def digest(signed: Json) -> bytes:
    return hashlib.sha256(message_of(base64.b64decode(signed["payload"]))).digest()


def text_digest(data: bytes) -> str:
    return "sha256:" + data.hex()


def chain(*keys: Key) -> list[Json]:
    """One stream, in which each receipt has another key."""
    found: list[Json] = []
    for position, key in enumerate(keys, start=1):
        previous = text_digest(digest(found[-1])) if found else None
        found.append(receipt(key, id=f"rct_{position}", position=position, previous=previous))
    return found


def leaf(signed: Json) -> bytes:
    return hashlib.sha256(b"\x00" + digest(signed)).digest()


def bundle(receipts: list[Json], *, shown: int, by: Key) -> Json:
    """One of two receipts, with its proof."""
    leaves = [leaf(item) for item in receipts]
    root = hashlib.sha256(b"\x01" + b"".join(leaves)).digest()
    text = f"{ORIGIN}\n2\n{base64.b64encode(root).decode()}\ntime {START}\n"
    line = base64.b64encode(by.note_hash() + by.note_signature(text.encode())).decode()
    proof = {"leaf_index": shown, "tree_size": 2, "hashes": [text_digest(leaves[1 - shown])]}
    return {
        "format": "aarm-bundle/1",
        "checkpoint": f"{text}\n— {ORIGIN} {line}\n",
        "receipts": [{"envelope": receipts[shown], "inclusion": proof}],
    }


Case = tuple[str, int, str | None, Json, dict[str, Json]]


def case(name: str, exit_code: int, reason: str | None, file: Json, **options: Json) -> Case:
    return name, exit_code, reason, file, options


def good() -> Iterator[Case]:
    yield case("ES256: one receipt", 0, None, receipt(ERIN))
    yield case("ES256: a stream whose key rotates from Ed25519 and back", 0, None, chain(ALICE, ERIN, ERIN, ALICE))
    before = receipt(FRANK, issued_at="2026-05-01T00:00:00.000000Z")
    yield case("ES256: key that was retired later", 0, None, before)
    plain = {**ERIN.members, "kid": ERIN.id, "created_at": CREATED}
    yield case("ES256: key without alg and use", 0, None, receipt(ERIN), keys={"keys": [plain]})
    two = [receipt(GRACE), receipt(GRACE, id="rct_other", stream="ses_other")]
    yield case("revoked key, proven to be in the log before", 0, None, bundle(two, shown=0, by=ERIN))
    two = [receipt(FRANK), receipt(ERIN, id="rct_other", stream="ses_other")]
    yield case("retired key, in the log before it retired", 0, None, bundle(two, shown=0, by=ERIN), keys=RETIRED)
    yield case("retired key with a size of the log, alone", 0, None, receipt(FRANK), keys=RETIRED)
    whole = {"keys": [jwk(ERIN), jwk(FRANK, **ENDED, retired_size=2)]}
    yield case(
        "checkpoint by a retired key, as long as the log was", 0, None, bundle(two, shown=0, by=FRANK), keys=whole
    )
    yield case("ES256: checkpoint under Ed25519", 0, None, bundle([receipt(ERIN), receipt(ALICE)], shown=1, by=ALICE))


def bad_signatures() -> Iterator[Case]:
    payload = payload_of(ERIN)
    message = message_of(payload)
    r, s = ERIN.pair(message)
    r_bytes, s_bytes = r.to_bytes(32, "big"), min(s, ORDER - s).to_bytes(32, "big")
    other = chain(ERIN, ERIN)[1]["signatures"][0]["sig"]
    spellings = {
        "the higher s": r_bytes + max(s, ORDER - s).to_bytes(32, "big"),
        "s is 0": r_bytes + bytes(32),
        "r is 0": bytes(32) + s_bytes,
        "r is the order": ORDER.to_bytes(32, "big") + s_bytes,
        "all bytes 255": b"\xff" * 64,
        "s and r exchanged": s_bytes + r_bytes,
        "bytes turned round": r_bytes[::-1] + s_bytes[::-1],
        "of another receipt": base64.b64decode(other),
        "under Ed25519": ALICE.sign(message),
        "of the message's hash": ERIN.sign(hashlib.sha256(message).digest()),
        "of the payload alone": ERIN.sign(payload),
    }
    for what, signature in spellings.items():
        yield case(
            f"ES256: signature, {what}", 2, "bad_signature", envelope(payload, signature=signature, keyid=ERIN.id)
        )
    der = encode_dss_signature(r, s)
    for what, signature in {"DER": der, "a byte short": r_bytes + s_bytes[1:]}.items():
        yield case(f"ES256: signature, {what}", 1, "malformed", envelope(payload, signature=signature, keyid=ERIN.id))


def other() -> Iterator[Case]:
    yield case("ES256: signed bytes say Ed25519", 2, "tampered", receipt(ERIN, alg="Ed25519"))
    yield case("Ed25519: signed bytes say ES256", 2, "tampered", receipt(ALICE, alg="ES256"))
    yield case("ES256: signed bytes name another key", 2, "tampered", receipt(ERIN, key_id=FRANK.id))
    yield case("ES256: a key that nobody trusts", 4, "untrusted_key", receipt(CHARLIE))
    yield case("ES256: issued after its key was retired", 4, "untrusted_key", receipt(FRANK))
    yield case(
        "ES256: issued before its key", 4, "untrusted_key", receipt(ERIN, issued_at="2025-12-31T00:00:00.000000Z")
    )
    revoked: tuple[Key, ...] = (DORA, GRACE)
    for key in revoked:
        old = receipt(key, issued_at="2026-02-01T00:00:00.000000Z")
        yield case(f"{key.alg}: revoked key, alone and dated long before", 4, "revoked_key", old)
    two = [receipt(ERIN), receipt(GRACE, id="rct_other", stream="ses_other", issued_at="2026-02-01T00:00:00.000000Z")]
    yield case("revoked key, in the log after its revocation", 4, "revoked_key", bundle(two, shown=1, by=ERIN))
    late = [receipt(ERIN), receipt(FRANK, id="rct_other", stream="ses_other")]
    after = bundle(late, shown=1, by=ERIN)
    yield case("retired key, in the log after it retired", 4, "untrusted_key", after, keys=RETIRED)
    longer = bundle(late, shown=0, by=FRANK)
    yield case("checkpoint by a retired key, longer than the log was", 4, "untrusted_key", longer, keys=RETIRED)
    unplaced = [receipt(DORA), receipt(ERIN, id="rct_other", stream="ses_other")]
    yield case("revoked key without a size of the log", 4, "revoked_key", bundle(unplaced, shown=0, by=ERIN))
    yield case(
        "checkpoint signed by a revoked key", 4, "revoked_key", bundle([receipt(ERIN), two[0]], shown=0, by=GRACE)
    )


def bad_keys() -> Iterator[Case]:
    """The exit code is that of a wrong use of the command: nothing is said about any receipt."""
    one, x, y = jwk(ERIN), ERIN.members["x"], ERIN.members["y"]
    beyond = base64url((FIELD + int.from_bytes(base64.urlsafe_b64decode(x + "="), "big") % 2**32).to_bytes(33, "big"))
    changes: dict[str, Json] = {
        "not on the curve": {"y": x},
        "at infinity": {"x": base64url(bytes(32)), "y": base64url(bytes(32))},
        "coordinate beyond the field": {"x": base64url(b"\xff" * 32)},
        "coordinate of 33 bytes": {"x": beyond},
        "coordinate of 31 bytes": {"y": base64url(bytes(31))},
        "coordinate with padding": {"x": x + "="},
        "coordinate in another spelling": {"x": x[:-1] + chr(ord(x[-1]) + 1)},
        "coordinates exchanged": {"x": y, "y": x},
        "no y": {"y": None},
        "id of another key": {"kid": FRANK.id},
        "for Ed25519": {"alg": "Ed25519"},
        "for encryption": {"use": "enc"},
        "private number": {"d": base64url(bytes(31) + b"\x01")},
        "no created_at": {"created_at": None},
        "negative revoked_size": {"revoked_at": REVOKED, "revoked_size": -1},
        "revoked_size as text": {"revoked_at": REVOKED, "revoked_size": "1"},
        "negative retired_size": {**ENDED, "retired_size": -1},
        "retired_size as text": {**ENDED, "retired_size": "1"},
        "revoked_size true": {"revoked_at": REVOKED, "revoked_size": True},
    }
    for what, change in changes.items():
        changed = {name: value for name, value in {**one, **change}.items() if value is not None}
        yield case(f"ES256 key: {what}", 64, None, receipt(ERIN), keys={"keys": [changed]})
    yield case("ES256 key: listed twice", 64, None, receipt(ERIN), keys={"keys": [one, one]})


def document() -> Json:
    """The whole file, as it is written."""
    cases = [
        {"name": name, "exit_code": exit_code, "reason": reason, "file": file, **options}
        for group in (good, bad_signatures, other, bad_keys)
        for name, exit_code, reason, file, options in group()
    ]
    about = "As receipts.json, with ECDSA keys and revocations; a case may have a key file of its own."
    return {"about": about, "keys": {"keys": KEYS}, "cases": cases}


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")
