"""Writes `receipts.json`: good and bad receipts with the verdict that every verifier must give.

    python tests/vectors/receipts/generate.py > tests/vectors/receipts/receipts.json

It shares no code with `receipts.signing`, so that both would have to be wrong in the same way. Seeds, times and
therefore signatures are fixed: running it again gives the same file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Json = Any
PAYLOAD_TYPE = "application/vnd.aarm.receipt+json"
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
START = "2026-11-03T09:00:00.000000Z"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """A key by the name of its holder, whose hash is its seed."""

    def __init__(self, holder: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(holder.encode()).digest())
        self.x = base64url(self.private.public_key().public_bytes_raw())
        thumbprint = f'{{"crv":"Ed25519","kty":"OKP","x":"{self.x}"}}'.encode()
        self.id = "aarm-" + base64url(hashlib.sha256(thumbprint).digest())[:16]

    def jwk(self, **times: str) -> Json:
        fixed = {"kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.id, "alg": "Ed25519", "use": "sig"}
        return {**fixed, "created_at": "2026-01-01T00:00:00.000000Z", **times}


ALICE, BOB, CHARLIE, DORA = (Key(name) for name in ("alice", "bob", "charlie", "dora"))
# Alice signs now, Bob's key is retired, Dora's was revoked, Charlie's is nobody's business.
KEYS = {
    "keys": [
        ALICE.jwk(),
        BOB.jwk(retired_at="2026-06-01T00:00:00.000000Z"),
        DORA.jwk(revoked_at="2026-12-01T00:00:00.000000Z"),
        {"kty": "EC", "crv": "P-384", "kid": "aarm-somebodyselse00", "x": "AA", "y": "AA"},
    ]
}


def signed(payload: bytes, *, key: Key = ALICE) -> Json:
    """The envelope of payload bytes, whatever they say."""
    message = b"DSSEv1 33 " + PAYLOAD_TYPE.encode() + b" " + str(len(payload)).encode() + b" " + payload
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key.id, "sig": base64.b64encode(key.private.sign(message)).decode()}],
    }


def digest(envelope: Json) -> str:
    payload = base64.b64decode(envelope["payload"])
    message = b"DSSEv1 33 " + PAYLOAD_TYPE.encode() + b" " + str(len(payload)).encode() + b" " + payload
    return "sha256:" + hashlib.sha256(message).hexdigest()


def statement(*, key: Key = ALICE, **changes: Json) -> Json:
    """The members of an ordinary first receipt, with changes."""
    return {
        "v": 1,
        "payload_type": PAYLOAD_TYPE,
        "alg": "Ed25519",
        "key_id": key.id,
        "id": "rct_first",
        "type": "decision",
        "stream": "ses_alice",
        "position": 1,
        "previous": None,
        "issued_at": START,
        "deployment": "vectors.example",
        "body": {"action": {"tool": "email", "operation": "send"}, "decision": {"result": "STEP_UP"}},
        **changes,
    }


def receipt(*, key: Key = ALICE, **changes: Json) -> Json:
    return signed(rfc8785.dumps(statement(key=key, **changes)), key=key)


def chain(*, length: int = 5, stream: str = "ses_alice") -> list[Json]:
    """A whole stream: a decision, a vote, its end, a claim and an outcome."""
    types = ["decision", "vote", "approval_terminal", "claim", "outcome"]
    envelopes: list[Json] = []
    for position in range(1, length + 1):
        envelopes.append(
            receipt(
                id=f"rct_{stream}_{position}",
                type=types[(position - 1) % 5],
                stream=stream,
                position=position,
                previous=digest(envelopes[-1]) if envelopes else None,
                issued_at=f"2026-11-03T09:00:0{position}.000000Z",
            )
        )
    return envelopes


def payload_changed(envelope: Json, *, old: str, new: str) -> Json:
    """An envelope whose payload was altered after signing."""
    payload = base64.b64decode(envelope["payload"]).replace(old.encode(), new.encode())
    return {**envelope, "payload": base64.b64encode(payload).decode()}


def signature_changed(envelope: Json, *, change: Callable[[bytes], bytes]) -> Json:
    inner = envelope["signatures"][0]
    sig = base64.b64encode(change(base64.b64decode(inner["sig"]))).decode()
    return {**envelope, "signatures": [{**inner, "sig": sig}]}


def with_signature(envelope: Json, **members: Json) -> Json:
    return {**envelope, "signatures": [{**envelope["signatures"][0], **members}]}


def other_spelling(sig: str) -> str:
    """The same 64 bytes, with an unused bit set in the last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = sig.rstrip("=")
    return body[:-1] + alphabet[alphabet.index(body[-1]) | 1] + sig[len(body) :]


def plus_order(signature: bytes) -> bytes:
    """The second signature that a verifier without the S < l check would accept."""
    scalar = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    return signature[:32] + scalar.to_bytes(32, "little")


SEED = hashlib.sha256(b"payload of rct_first").digest()
VALUES: dict[str, Json] = {"/parameters/to": "ana@partner.example", "/parameters/amount": 100, "/reason": None}


def prefixed(path: str) -> bytes:
    return len(path.encode()).to_bytes(4, "big") + path.encode()


def salt(path: str) -> bytes:
    return hmac.new(SEED, b"aarm/salt/v1" + prefixed(path), hashlib.sha256).digest()


def commitments() -> dict[str, str]:
    def one(path: str) -> str:
        data = b"aarm/commit/v1" + prefixed(path) + salt(path) + rfc8785.dumps(VALUES[path])
        return "sha256:" + hashlib.sha256(data).hexdigest()

    return {path: one(path) for path in VALUES}


def disclosed(*, only: tuple[str, ...] = tuple(VALUES), **changes: Json) -> Json:
    return {path: {"salt": salt(path).hex(), "value": VALUES[path], **changes} for path in only}


Case = tuple[str, int, str | None, Json, dict[str, Json]]


def case(name: str, exit_code: int, reason: str | None, file: Json, **options: Json) -> Case:
    return name, exit_code, reason, file, options


def good() -> Iterator[Case]:
    log, first = chain(), receipt()
    bob = receipt(key=BOB, issued_at="2026-05-01T00:00:00.000000Z")
    unicode_body = {"\U0001f600": "emoji", "\ufb33": "Hebrew", "€": 0.002, "\r": "\x0f", "1": [1e-27, -0.5, True, None]}
    committed = receipt(body={"commitments": commitments()})
    yield case("one receipt alone", 0, None, first)
    yield case("one receipt from the middle of a stream, alone", 0, None, log[2])
    yield case("one receipt as the API wraps it", 0, None, {"id": "whatever the API says", "envelope": first})
    yield case("whole stream as a list", 0, None, log)
    yield case("whole stream as a member", 0, None, {"receipts": [{"envelope": envelope} for envelope in log]})
    yield case("whole stream, one a line", 0, None, "\n".join(json.dumps(envelope) for envelope in log) + "\n")
    yield case("whole stream up to a known head", 0, None, log, expect_head=f"5:{digest(log[4])}")
    yield case("whole stream that grew past a known head", 0, None, log, expect_head=f"3:{digest(log[2])}")
    two = [envelope for pair in zip(log, chain(stream="ses_bob"), strict=True) for envelope in pair]
    yield case("two streams, interleaved", 0, None, two)
    yield case("selection, each alone", 0, None, [log[3], log[1]], each=True)
    yield case("key that was retired later", 0, None, bob)
    yield case("characters and numbers that are hard to serialise", 0, None, receipt(body=unicode_body))
    yield case("all values disclosed", 0, None, committed, disclosure=disclosed())
    yield case("one value disclosed", 0, None, committed, disclosure=disclosed(only=("/reason",)))
    erased = {**disclosed(only=("/reason",)), "/parameters/to": None}
    yield case("one value erased", 6, None, committed, disclosure=erased)


def malformed() -> Iterator[Case]:
    first = receipt()
    sig = first["signatures"][0]["sig"]
    text = json.dumps(first)
    loose = json.dumps(statement(), sort_keys=True).encode()
    without_body = {name: value for name, value in statement().items() if name != "body"}
    committed = receipt(body={"commitments": commitments()})
    yield case("text that is not JSON", 1, "malformed", "no receipt")
    yield case("empty file", 1, "malformed", "")
    yield case("list of no receipts", 1, "malformed", [])
    yield case("member named twice", 1, "malformed", text.replace('{"payloadType"', '{"payload": "", "payloadType"', 1))
    yield case("no signature", 1, "malformed", {**first, "signatures": []})
    yield case("two signatures", 1, "malformed", {**first, "signatures": first["signatures"] * 2})
    yield case("signatures left out", 1, "malformed", {name: first[name] for name in ("payloadType", "payload")})
    yield case("empty signature", 1, "malformed", with_signature(first, sig=""))
    yield case("truncated signature", 1, "malformed", signature_changed(first, change=lambda data: data[:63]))
    yield case("signature with a byte more", 1, "malformed", signature_changed(first, change=lambda data: data + b"0"))
    yield case("signature in another spelling", 1, "malformed", with_signature(first, sig=other_spelling(sig)))
    yield case("signature without padding", 1, "malformed", with_signature(first, sig=sig.rstrip("=")))
    yield case("signature with a line break", 1, "malformed", with_signature(first, sig=sig[:40] + "\n" + sig[40:]))
    yield case("key that came with the receipt", 1, "malformed", with_signature(first, jwk=CHARLIE.jwk()))
    yield case("signed, not in canonical form", 1, "malformed", signed(loose))
    yield case("signed, member named twice", 1, "malformed", signed(b'{"v":1,"v":1}'))
    yield case("signed, member left out", 1, "malformed", signed(rfc8785.dumps(without_body)))
    yield case("signed, version is true", 1, "malformed", receipt(v=True))
    yield case("signed, position 0", 1, "malformed", receipt(position=0))
    yield case("signed, second without predecessor", 1, "malformed", receipt(position=2))
    yield case("signed, first with predecessor", 1, "malformed", receipt(previous=digest(first)))
    yield case("signed, time with an offset", 1, "malformed", receipt(issued_at="2026-11-03T09:00:00.000000+00:00"))
    yield case("signed, 30 February", 1, "malformed", receipt(issued_at="2026-02-30T09:00:00.000000Z"))
    yield case("signed, commitment that is no digest", 1, "malformed", receipt(body={"commitments": {"/a": "b"}}))
    yield case("salt in capitals", 1, "malformed", committed, disclosure=disclosed(salt="AB" * 32))
    yield case("disclosure that is a list", 1, "malformed", committed, disclosure=[])


def tampered() -> Iterator[Case]:
    log, first = chain(), receipt()
    head = f"5:{digest(log[4])}"
    committed = receipt(body={"commitments": commitments()})
    changes = {
        "decision": ("STEP_UP", "ALLOW"),
        "type": ('"type":"decision"', '"type":"claim"'),
        "deployment": ("vectors.example", "other.example"),
        "version": ('"v":1', '"v":2'),
        "algorithm": ('"alg":"Ed25519"', '"alg":"none"'),
        "key id": (ALICE.id, BOB.id),
        "position": ('"position":1', '"position":2'),
    }
    for what, (old, new) in changes.items():
        yield case(f"{what} altered", 2, "bad_signature", payload_changed(first, old=old, new=new))
    flipped = signature_changed(first, change=lambda data: bytes([data[0] ^ 1]) + data[1:])
    bobs = signed(rfc8785.dumps(statement(issued_at="2026-05-01T00:00:00.000000Z")), key=BOB)
    yield case("signature altered", 2, "bad_signature", flipped)
    yield case("signature with the group order added", 2, "bad_signature", signature_changed(first, change=plus_order))
    yield case("key id outside altered", 2, "bad_signature", with_signature(first, keyid=BOB.id))
    yield case(
        "signature under a trusted key id", 2, "bad_signature", with_signature(receipt(key=CHARLIE), keyid=ALICE.id)
    )
    yield case("signed by Bob in the name of Alice", 2, "tampered", bobs)
    yield case("first receipt removed", 2, "broken_chain", log[1:])
    yield case("middle receipt removed", 2, "broken_chain", log[:2] + log[3:])
    yield case("last receipt removed, head known", 2, "broken_chain", log[:4], expect_head=head)
    yield case("all receipts removed, head known", 2, "broken_chain", [], expect_head=head)
    yield case("two receipts swapped", 2, "broken_chain", [log[0], log[2], log[1], log[3], log[4]])
    yield case("receipt repeated", 2, "broken_chain", [*log[:3], log[2], *log[3:]])
    rewritten = receipt(id="rct_other", stream="ses_alice", body={})
    yield case("first receipt exchanged for another", 2, "broken_chain", [rewritten, *log[1:]])
    yield case("other value disclosed", 2, "commitment_mismatch", committed, disclosure=disclosed(value="other"))
    yield case("other salt disclosed", 2, "commitment_mismatch", committed, disclosure=disclosed(salt="00" * 32))
    beyond = {"/nowhere": {"salt": "00" * 32, "value": 1}}
    yield case("value disclosed that was not committed to", 2, "commitment_mismatch", committed, disclosure=beyond)


def other() -> Iterator[Case]:
    log = chain()
    twin = receipt(id="rct_twin", stream="ses_alice", position=3, previous=digest(log[1]))
    yield case("two receipts with one predecessor", 3, "fork", [*log[:3], twin, *log[3:]])
    yield case("two first receipts", 3, "fork", [log[0], receipt(id="rct_twin", stream="ses_alice")])
    yield case("fork that branches later", 3, "fork", [*log, twin])
    yield case("signed with a key that nobody trusts", 4, "untrusted_key", receipt(key=CHARLIE))
    yield case("signed with a revoked key", 4, "revoked_key", receipt(key=DORA))
    yield case("issued before its key", 4, "untrusted_key", receipt(issued_at="2025-12-31T00:00:00.000000Z"))
    yield case("issued after its key was retired", 4, "untrusted_key", receipt(key=BOB))
    yield case("signed, version 2", 5, "unsupported", receipt(v=2))
    yield case("signed, unknown member", 5, "unsupported", receipt(critical=True))
    yield case("signed, unknown receipt type", 5, "unsupported", receipt(type="mystery"))
    yield case("signed, unknown algorithm", 5, "unsupported", receipt(alg="ES512"))
    yield case("signed, other payload type inside", 5, "unsupported", receipt(payload_type="text/plain"))
    yield case("other payload type outside", 5, "unsupported", {**receipt(), "payloadType": "text/plain"})
    yield case("key of another kind", 5, "unsupported", with_signature(receipt(), keyid="aarm-somebodyselse00"))


def document() -> Json:
    """The whole file, as it is written."""
    cases = [
        {
            "name": name,
            "exit_code": exit_code,
            "reason": reason,
            "text" if isinstance(file, str) else "file": file,
            **options,
        }
        for group in (good, malformed, tampered, other)
        for name, exit_code, reason, file, options in group()
    ]
    about = "Receipts and the verdicts that every verifier must give; docs/receipt-format.md describes both."
    return {"about": about, "keys": KEYS, "cases": cases}


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")
