"""Signatures at the edges of their algorithms; those of Ed25519 after "Taming the Many EdDSAs" (SSR 2020)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import rfc8785
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.verifiers.holders import P256_ORDER, PAYLOAD_TYPE, EcHolder, base64url, key_id_of, message_of
from tests.verifiers.publishing import edwards
from tests.verifiers.publishing.case import ALICE, GRACE, KEYS, Case, Json, case, receipt, statement

SECRET = edwards.secret_of(hashlib.sha256(b"alice").digest())
ALICES_KEY = edwards.encode(edwards.multiply(SECRET, edwards.BASE))
FIXED = 0xA11CE


def jwk_of(key: bytes) -> Json:
    """A published key of 32 bytes, whatever they are."""
    x = base64url(key)
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": x,
        "kid": key_id_of(members),
        "created_at": "2026-01-01T00:00:00.000000Z",
    }


def envelope(payload: bytes, *, key_id: str, signature: bytes) -> Json:
    inner = {"keyid": key_id, "sig": base64.b64encode(signature).decode()}
    return {"payloadType": PAYLOAD_TYPE, "payload": base64.b64encode(payload).decode(), "signatures": [inner]}


def _payload(jwk: Json, **changes: Json) -> bytes:
    return rfc8785.dumps(statement(key_id=jwk["kid"], **changes))


def _scalar(number: int) -> bytes:
    return number.to_bytes(32, "little")


def _identity_as(spelling: bytes) -> Json:
    """Signed with the number 0 for a nonce, so that R is the identity, in this spelling."""
    payload = _payload(ALICE.jwk)
    hashed = edwards.challenge(spelling, key=ALICES_KEY, message=message_of(payload))
    signature = spelling + _scalar(hashed * SECRET % edwards.ORDER)
    return envelope(payload, key_id=ALICE.jwk["kid"], signature=signature)


def _mixed(*, is_divisible: bool) -> tuple[Json, Json]:
    """A key with a part of small order, and a signature that fits it exactly only if 8 divides the challenge."""
    key = edwards.encode(edwards.add(edwards.multiply(SECRET, edwards.BASE), edwards.TORSION))
    jwk, commitment = jwk_of(key), edwards.encode(edwards.multiply(FIXED, edwards.BASE))
    for number in range(100):
        payload = _payload(jwk, id=f"rct_{number}")
        hashed = edwards.challenge(commitment, key=key, message=message_of(payload))
        if (hashed % 8 == 0) is is_divisible:
            signature = commitment + _scalar((FIXED + hashed * SECRET) % edwards.ORDER)
            return jwk, envelope(payload, key_id=jwk["kid"], signature=signature)
    raise AssertionError("no such challenge among these")


def edwards_cases() -> Iterator[Case]:
    yield case("Ed25519, R is the identity", None, _identity_as(edwards.encode(edwards.IDENTITY)))
    beyond = (edwards.FIELD + 1).to_bytes(32, "little")
    yield case("Ed25519, R is the identity, not reduced", "bad_signature", _identity_as(beyond))
    signed = (1 | 1 << 255).to_bytes(32, "little")
    yield case("Ed25519, R is the identity with a sign", "bad_signature", _identity_as(signed))
    jwk, exact = _mixed(is_divisible=True)
    yield case("Ed25519, key of mixed order, exact equation", None, exact, keys={"keys": [jwk]})
    jwk, cofactored = _mixed(is_divisible=False)
    name = "Ed25519, key of mixed order, equation only times the cofactor"
    yield case(name, "bad_signature", cofactored, keys={"keys": [jwk]})
    yield from _changed_signatures()
    yield from _refused_keys()


def _changed_signatures() -> Iterator[Case]:
    good = receipt()
    payload, signature = (base64.b64decode(text) for text in (good["payload"], good["signatures"][0]["sig"]))
    number = int.from_bytes(signature[32:], "little")
    zeros = bytes(32)
    for name, changed in {
        "S with the order added twice": signature[:32] + _scalar(number + 2 * edwards.ORDER),
        "S is the order": signature[:32] + _scalar(edwards.ORDER),
        "S with its highest bit": signature[:32] + _scalar(number | 1 << 255),
        "S is 0": signature[:32] + zeros,
        "S negated": signature[:32] + _scalar(edwards.ORDER - number),
        "all zeros": zeros * 2,
        "halves exchanged": signature[32:] + signature[:32],
        "R with the other sign": bytes([*signature[:31], signature[31] ^ 0x80]) + signature[32:],
    }.items():
        yield case(f"Ed25519, {name}", "bad_signature", envelope(payload, key_id=ALICE.jwk["kid"], signature=changed))


def _refused_keys() -> Iterator[Case]:
    points = [edwards.encode(point) for point in edwards.SMALL]
    refused = {f"small order, point {number}": point for number, point in enumerate(points)}
    refused["small order, 0 not reduced"] = edwards.FIELD.to_bytes(32, "little")
    refused["small order, 1 not reduced"] = (edwards.FIELD + 1).to_bytes(32, "little")
    refused["small order, 1 with a sign"] = (1 | 1 << 255).to_bytes(32, "little")
    refused["not reduced"] = (edwards.FIELD + 4).to_bytes(32, "little")
    for name, key in refused.items():
        jwk = jwk_of(key)
        # Under a key of small order the identity and 0 sign every message, for verifiers that let it pass.
        forged = envelope(_payload(jwk), key_id=jwk["kid"], signature=edwards.encode(edwards.IDENTITY) + bytes(32))
        yield case(f"Ed25519, key of {name}", "usage", forged, keys={"keys": [jwk]})
    jwk = jwk_of(edwards.OFF_CURVE)
    nothing = envelope(_payload(jwk), key_id=jwk["kid"], signature=bytes(64))
    yield case("Ed25519, key that is no point", "bad_signature", nothing, keys={"keys": [jwk]})


def p256_cases() -> Iterator[Case]:
    assert isinstance(GRACE, EcHolder)
    payload = rfc8785.dumps(statement(holder=GRACE))
    r, s = GRACE.pair(message_of(payload))
    key_id = GRACE.jwk["kid"]
    yield case("ES256", None, receipt(holder=GRACE))
    yield case("ES256, payload that names Ed25519", "tampered", receipt(holder=GRACE, alg="Ed25519"))
    for name, (one, other) in {
        "higher s": (r, P256_ORDER - s),
        "r is 0": (0, s),
        "s is 0": (r, 0),
        "r is the order": (P256_ORDER, s),
        "s is the order": (r, P256_ORDER),
        "r and s are 0": (0, 0),
        "r and s exchanged": (s, r),
        "r altered": (r ^ 1, s),
    }.items():
        signature = one.to_bytes(32, "big") + other.to_bytes(32, "big")
        yield case(f"ES256, {name}", "bad_signature", envelope(payload, key_id=key_id, signature=signature))
    der = encode_dss_signature(r, s)
    yield case("ES256, signature in DER", "malformed", envelope(payload, key_id=key_id, signature=der))
    crossed = envelope(payload, key_id=ALICE.jwk["kid"], signature=GRACE.sign(message_of(payload)))
    yield case("ES256, under the id of an Ed25519 key", "bad_signature", crossed)
    assert GRACE.jwk in KEYS["keys"]


def signature_cases() -> Iterator[Case]:
    yield from edwards_cases()
    yield from p256_cases()
