"""ES256: the same receipts under the other algorithm, and one spelling for each signature."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from receipts.signing.algorithms import Algorithm
from receipts.signing.errors import BadSignatureError, KeyFormatError, TamperedError
from receipts.signing.jwk import History, jwk_of, key_id_of
from receipts.signing.keys import KeySet, Signer, SigningKey
from receipts.signing.p256 import ORDER, P256Public, raw_signature, signature_from_der, signature_from_pair
from receipts.signing.verify import verify_chain, verify_receipt
from tests.unit.signing.issuer import KEYS_CREATED_AT, Issuer

PRIVATE = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"erin").digest(), "big") % ORDER, ec.SECP256R1())


def pem(private: Any) -> bytes:
    encoded: bytes = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return encoded


@pytest.fixture
def erin() -> Issuer:
    """An issuer whose key is on P-256."""
    return Issuer(SigningKey.from_pem(pem(PRIVATE)))


@pytest.fixture
def trusted(erin: Issuer) -> KeySet:
    return KeySet.from_jwks({"keys": [erin.jwk()]})


def test_receipts_of_a_p256_key_verify_as_those_of_ed25519_do(erin: Issuer, trusted: KeySet) -> None:
    statements = verify_chain(erin.chain(3), keys=trusted)
    assert [statement.algorithm for statement in statements] == [Algorithm.ES256] * 3
    assert erin.jwk().keys() == {"kty", "crv", "x", "y", "kid", "alg", "use", "created_at"}


def test_key_id_is_the_thumbprint_of_rfc_7638(erin: Issuer) -> None:
    numbers = PRIVATE.public_key().public_numbers()
    x, y = (base64.urlsafe_b64encode(n.to_bytes(32, "big")).decode().rstrip("=") for n in (numbers.x, numbers.y))
    thumbprint = hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest()
    assert erin.key.key_id == "aarm-" + base64.urlsafe_b64encode(thumbprint).decode()[:16]


@pytest.mark.case("RCP-17")
def test_a_signature_has_one_spelling(erin: Issuer, trusted: KeySet) -> None:
    key = trusted.find(erin.key.key_id)
    for number in range(20):
        data = b"data %d" % number
        signature = erin.key.sign(data)
        key.verify(data, signature=signature)
        r, s = signature[:32], int.from_bytes(signature[32:], "big")
        zero, order = bytes(32), ORDER.to_bytes(32, "big")
        der = encode_dss_signature(int.from_bytes(r, "big"), s)
        others = [r + (ORDER - s).to_bytes(32, "big"), r + zero, zero + signature[32:], order + signature[32:], der]
        for other in (*others, b"", signature[:63], signature + b"\0"):
            with pytest.raises(BadSignatureError):
                key.verify(data, signature=other)


@pytest.mark.case("RCP-16")
def test_the_algorithm_inside_the_signed_bytes_is_that_of_the_key(erin: Issuer, trusted: KeySet) -> None:
    verify_receipt(erin.receipt(), keys=trusted)
    with pytest.raises(TamperedError):
        verify_receipt(erin.receipt(algorithm="Ed25519"), keys=trusted)


def test_what_hardware_and_services_return_becomes_the_lower_signature() -> None:
    high = ORDER - 5
    assert raw_signature(7, s=high) == raw_signature(7, s=5) == bytes(31) + b"\7" + bytes(31) + b"\5"
    assert signature_from_der(encode_dss_signature(7, high)) == raw_signature(7, s=5)
    assert signature_from_pair(bytes(31) + b"\7" + high.to_bytes(32, "big")) == raw_signature(7, s=5)


@pytest.mark.parametrize("der", [b"", b"\x30\x00", encode_dss_signature(0, 1), encode_dss_signature(1, ORDER)])
def test_what_is_no_signature_is_not_made_one(der: bytes) -> None:
    assert signature_from_der(encode_dss_signature(1, 1))
    with pytest.raises(ValueError):  # noqa: PT011 - the library has several sentences for it.
        signature_from_der(der)


@pytest.mark.parametrize("pair", [b"", bytes(64), bytes(63) + b"\1", b"\1" * 65])
def test_a_pair_that_is_no_signature_is_not_made_one(pair: bytes) -> None:
    with pytest.raises(ValueError, match="P-256"):
        signature_from_pair(pair)


def spelled(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "aarm-AAAAAAAAAAAAAAAA"},
        {"alg": "Ed25519"},
        {"alg": "ES384"},
        {"use": "enc"},
        {"x": ""},
        {"y": None},
        {"x": spelled(bytes(31))},
        {"x": spelled(bytes(33))},
        {"x": spelled(bytes(32)), "y": spelled(bytes(32))},
        {"y": spelled(b"\xff" * 32)},
        {"x": "A" * 42 + "B"},
        {"created_at": None},
        {"d": "secret"},
    ],
)
def test_a_key_that_is_not_what_it_says_is_refused(erin: Issuer, changes: dict[str, Any]) -> None:
    assert KeySet.from_jwks({"keys": [erin.jwk()]}).find(erin.key.key_id).algorithm is Algorithm.ES256
    with pytest.raises(KeyFormatError):
        KeySet.from_jwks({"keys": [{**erin.jwk(), **changes}]})


def test_points_are_read_uncompressed_and_on_the_curve_alone(erin: Issuer) -> None:
    public = P256Public.from_key(PRIVATE.public_key())
    assert P256Public.from_point(public.point) == public
    compressed = bytes([2 + public.point[-1] % 2]) + public.point[1:33]
    for point in (b"", b"\0", compressed, public.point[:-1] + bytes([public.point[-1] ^ 1])):
        with pytest.raises(KeyFormatError):
            P256Public.from_point(point)


def test_a_service_s_public_key_is_read_if_it_is_one_on_p256() -> None:
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    der = PRIVATE.public_key().public_bytes(encoding, form)
    assert P256Public.from_der(der) == P256Public.from_key(PRIVATE.public_key())
    others = [
        ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(encoding, form),
        Ed25519PrivateKey.generate().public_key().public_bytes(encoding, form),
        b"no key",
    ]
    for other in others:
        with pytest.raises(KeyFormatError):
            P256Public.from_der(other)


@pytest.mark.case("RCP-21")
def test_receipts_of_three_generations_and_two_algorithms_verify(alice: Issuer, bob: Issuer, erin: Issuer) -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    document = {"keys": [alice.jwk(retired_at=until), erin.jwk(retired_at=until), bob.jwk()]}
    keys = KeySet.from_jwks(document)
    for holder in (alice, erin, bob):
        assert verify_receipt(holder.receipt(), keys=keys).key_id == holder.key.key_id
    late = KeySet.from_jwks({"keys": [{**erin.jwk(), "revoked_at": "2026-12-01T00:00:00.000000Z", "revoked_size": 3}]})
    verify_receipt(erin.receipt(), keys=late, leaf_index=2)
    signer: Signer = erin.key
    assert jwk_of(signer.public, history=History(KEYS_CREATED_AT))["kid"] == key_id_of(signer.public)
