"""Keys: an id is the key's own, and only sound public keys are trusted."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from receipts.signing.ed25519 import Ed25519Public, is_sound_public_key
from receipts.signing.errors import (
    BadSignatureError,
    KeyFormatError,
    RevokedKeyError,
    UnsupportedError,
    UntrustedKeyError,
)
from receipts.signing.jwk import History, jwk_of, key_id_of
from receipts.signing.keys import KeySet, Signer, SigningKey
from tests.unit.signing.issuer import KEYS_CREATED_AT, Issuer

FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, FIELD) % FIELD

# RFC 8032 section 7.1, test 2.
RFC_SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
RFC_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
RFC_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def pem(key: Any, *, password: bytes | None = None) -> bytes:
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    encoded: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    return encoded


def test_signatures_are_those_of_rfc_8032() -> None:
    key = SigningKey.from_seed(RFC_SEED)
    assert key.sign(b"\x72") == RFC_SIGNATURE
    KeySet.from_jwks({"keys": [jwk_of(key.public, history=History(KEYS_CREATED_AT))]}).find(key.key_id).verify(
        b"\x72", signature=RFC_SIGNATURE
    )


def test_key_id_is_the_thumbprint_of_rfc_7638() -> None:
    x = base64.urlsafe_b64encode(RFC_PUBLIC).decode().rstrip("=")
    thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
    expected = "aarm-" + base64.urlsafe_b64encode(thumbprint).decode()[:16]
    assert key_id_of(Ed25519Public.from_raw(RFC_PUBLIC)) == SigningKey.from_seed(RFC_SEED).key_id == expected


def test_a_key_survives_its_pem_form_and_never_shows_itself(alice: Issuer) -> None:
    signer: Signer = SigningKey.from_pem(alice.key.to_pem())
    assert signer.key_id == alice.key.key_id
    assert signer.sign(b"data") == alice.key.sign(b"data")
    assert repr(alice.key) == f"SigningKey(key_id={alice.key.key_id!r}, algorithm='Ed25519')"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a pem",
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(X25519PrivateKey.generate()),
        pem(Ed25519PrivateKey.from_private_bytes(bytes(32)), password=b"secret"),
    ],
    ids=["empty", "text", "P-384", "X25519", "encrypted"],
)
def test_a_file_that_holds_no_key_to_sign_with_is_refused(data: bytes) -> None:
    with pytest.raises(KeyFormatError):
        SigningKey.from_pem(data)


def test_an_encrypted_key_opens_with_its_passphrase_alone(alice: Issuer) -> None:
    encrypted = alice.key.to_pem(passphrase=b"correct horse")
    assert b"ENCRYPTED" in encrypted
    assert SigningKey.from_pem(encrypted, passphrase=b"correct horse").sign(b"data") == alice.key.sign(b"data")
    for passphrase in (None, b"wrong", b""):
        with pytest.raises(KeyFormatError):
            SigningKey.from_pem(encrypted, passphrase=passphrase)
    with pytest.raises(KeyFormatError):
        SigningKey.from_pem(alice.key.to_pem(), passphrase=b"correct horse")


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(KeyFormatError):
        SigningKey.from_seed(bytes(length))


def test_a_published_key_says_when_it_was_in_use(alice: Issuer) -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC)
    assert jwk_of(alice.key.public, history=History(at, at, at, 7)) == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": alice.jwk()["x"],
        "kid": alice.key.key_id,
        "alg": "Ed25519",
        "use": "sig",
        "created_at": "2026-02-01T00:00:00.000000Z",
        "retired_at": "2026-02-01T00:00:00.000000Z",
        "revoked_at": "2026-02-01T00:00:00.000000Z",
        "revoked_size": 7,
    }
    assert set(alice.jwk()) == {"kty", "crv", "x", "kid", "alg", "use", "created_at"}


@pytest.mark.case("RCP-15")
def test_only_keys_of_the_callers_file_are_found(alice: Issuer, bob: Issuer, charlie: Issuer, keys: KeySet) -> None:
    assert keys.find(alice.key.key_id).key_id == alice.key.key_id
    assert keys.find(bob.key.key_id).key_id == bob.key.key_id
    with pytest.raises(UntrustedKeyError):
        keys.find(charlie.key.key_id)


def test_keys_of_another_kind_are_known_as_unsupported_and_do_not_spoil_the_file(alice: Issuer) -> None:
    other = {"kty": "EC", "crv": "P-384", "kid": "aarm-other", "x": "AA", "y": "AA"}
    found = KeySet.from_jwks({"keys": [other, alice.jwk(), {"kty": "OKP", "crv": "X25519", "kid": "aarm-third"}]})
    assert found.find(alice.key.key_id).key_id == alice.key.key_id
    with pytest.raises(UnsupportedError):
        found.find("aarm-other")
    with pytest.raises(UntrustedKeyError):
        found.find("aarm-fourth")


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"keys": None}, {"keys": []}, {"keys": {}}, {"keys": ["text"]}, {"keys": [{"kty": "EC"}]}],
)
def test_what_is_no_key_file_is_refused(document: object) -> None:
    with pytest.raises(KeyFormatError):
        KeySet.from_jwks(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "aarm-AAAAAAAAAAAAAAAA"},
        {"kid": None},
        {"alg": "ES256"},
        {"use": "enc"},
        {"x": ""},
        {"x": "AAAA"},
        {"x": None},
        {"x": "A" * 42 + "B"},
        {"x": "A" * 43 + "="},
        {"x": "!" * 43},
        {"created_at": None},
        {"created_at": "2026-01-01"},
        {"retired_at": "soon"},
        {"revoked_at": 7},
        {"revoked_size": -1},
        {"revoked_size": "7"},
        {"revoked_size": True},
        {"d": "secret"},
    ],
)
def test_a_key_that_is_not_what_it_says_is_refused(alice: Issuer, changes: dict[str, Any]) -> None:
    KeySet.from_jwks({"keys": [{**alice.jwk(), "alg": "EdDSA"}]}).find(alice.key.key_id)
    with pytest.raises(KeyFormatError):
        KeySet.from_jwks({"keys": [{**alice.jwk(), **changes}]})


def test_symmetric_and_repeated_keys_are_refused(alice: Issuer) -> None:
    with pytest.raises(KeyFormatError, match="private"):
        KeySet.from_jwks({"keys": [{"kty": "oct", "k": "AA", "kid": "aarm-other"}]})
    with pytest.raises(KeyFormatError, match="twice"):
        KeySet.from_jwks({"keys": [alice.jwk(), alice.jwk()]})


def test_a_key_counts_only_while_it_is_in_use(alice: Issuer) -> None:
    retired_at = datetime(2026, 6, 1, tzinfo=UTC)
    key = KeySet.from_jwks({"keys": [alice.jwk(retired_at=retired_at)]}).find(alice.key.key_id)
    skew = timedelta(minutes=5)
    for moment in (KEYS_CREATED_AT - skew, KEYS_CREATED_AT, retired_at, retired_at + skew):
        key.require_use_at(moment)
    for moment in (KEYS_CREATED_AT - skew * 1.01, retired_at + skew * 1.01):
        with pytest.raises(UntrustedKeyError):
            key.require_use_at(moment)


def test_a_revoked_key_counts_at_no_time_because_its_thief_chooses_the_time(alice: Issuer) -> None:
    revoked_at = datetime(2026, 6, 1, tzinfo=UTC)
    key = KeySet.from_jwks({"keys": [alice.jwk(revoked_at=revoked_at)]}).find(alice.key.key_id)
    for moment in (KEYS_CREATED_AT, revoked_at, revoked_at + timedelta(days=1)):
        with pytest.raises(RevokedKeyError):
            key.require_use_at(moment)


def test_a_size_of_the_log_may_be_written_with_a_point(alice: Issuer) -> None:
    document = {"keys": [{**alice.jwk(), "revoked_at": "2026-06-01T00:00:00.000000Z", "revoked_size": 7.0}]}
    key = KeySet.from_jwks(document).find(alice.key.key_id)
    key.require_use_at(KEYS_CREATED_AT, leaf_index=6)
    with pytest.raises(RevokedKeyError):
        key.require_use_at(KEYS_CREATED_AT, leaf_index=7)


@pytest.mark.case("RCP-22")
def test_a_revoked_key_counts_for_what_is_proven_to_have_been_in_the_log_before(alice: Issuer) -> None:
    history = History(KEYS_CREATED_AT, None, datetime(2026, 6, 1, tzinfo=UTC), 7)
    key = KeySet.from_jwks({"keys": [jwk_of(alice.key.public, history=history)]}).find(alice.key.key_id)
    for leaf_index in (0, 6):
        key.require_use_at(KEYS_CREATED_AT, leaf_index=leaf_index)
    for place in (None, 7, 8):
        with pytest.raises(RevokedKeyError):
            key.require_use_at(KEYS_CREATED_AT, leaf_index=place)
    unplaced = KeySet.from_jwks({"keys": [alice.jwk(revoked_at=history.revoked_at)]}).find(alice.key.key_id)
    with pytest.raises(RevokedKeyError):
        unplaced.require_use_at(KEYS_CREATED_AT, leaf_index=0)


def doubled(x: int, y: int) -> tuple[int, int]:
    """Twice a point of edwards25519."""
    product = D * x * x * y * y
    return (
        2 * x * y * pow(1 + product, -1, FIELD) % FIELD,
        (y * y + x * x) * pow(1 - product, -1, FIELD) % FIELD,
    )


def x_of(y: int) -> int:
    """One of the x coordinates that belong to y."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, FIELD) % FIELD
    root = pow(square, (FIELD + 3) // 8, FIELD)
    root = root if root * root % FIELD == square else root * pow(2, (FIELD - 1) // 4, FIELD) % FIELD
    assert root * root % FIELD == square
    return root


SMALL_Y = [
    0,
    1,
    FIELD - 1,
    int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
]


@pytest.mark.parametrize("y", SMALL_Y)
@pytest.mark.parametrize("sign", [0, 1])
def test_points_of_small_order_are_no_keys(y: int, sign: int) -> None:
    point = (x_of(y), y)
    for _ in range(3):
        point = doubled(*point)
    assert point == (0, 1), "eight times the point is the neutral element"
    raw = (y + (sign << 255)).to_bytes(32, "little")
    assert is_sound_public_key(RFC_PUBLIC)
    assert not is_sound_public_key(raw)
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    with pytest.raises(KeyFormatError, match="not a sound"):
        KeySet.from_jwks({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "aarm-any"}]})


@pytest.mark.parametrize("y", [FIELD, FIELD + 1, 2**255 - 1])
def test_points_in_another_spelling_are_no_keys(y: int) -> None:
    assert not is_sound_public_key(y.to_bytes(32, "little"))
    assert not is_sound_public_key((y + 2**255).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_points_of_another_length_are_no_keys(length: int) -> None:
    assert not is_sound_public_key(b"\x02" * length)


def test_a_signature_has_one_spelling(alice: Issuer, keys: KeySet) -> None:
    key, signature = keys.find(alice.key.key_id), alice.key.sign(b"data")
    key.verify(b"data", signature=signature)
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    not_a_point = (FIELD + 1).to_bytes(32, "little") + signature[32:]
    for other in (signature[:32] + scalar.to_bytes(32, "little"), not_a_point, signature[:63], signature + b"\0", b""):
        with pytest.raises(BadSignatureError):
            key.verify(b"data", signature=other)
