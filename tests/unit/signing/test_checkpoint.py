"""Checkpoints: what is signed is what is read, under either algorithm, and nothing else passes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from receipts.signing.__main__ import main
from receipts.signing.checkpoint import Checkpoint, origin_of, read_checkpoint, sign_checkpoint, verify_checkpoint
from receipts.signing.encoding import decode_base64, encode_base64
from receipts.signing.errors import (
    BadSignatureError,
    CheckpointError,
    ExitCode,
    MalformedError,
    RevokedKeyError,
    UntrustedKeyError,
)
from receipts.signing.jwk import History, jwk_of
from receipts.signing.keys import KeySet, SigningKey
from receipts.signing.log_report import age_warnings
from receipts.signing.notes import MAX_LENGTH, read_note
from receipts.signing.p256 import ORDER
from tests.unit.signing.issuer import KEYS_CREATED_AT, Issuer

SIGNED_AT = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
SAID = Checkpoint("test.example/receipts", 12, b"\x07" * 32, SIGNED_AT)


@pytest.fixture(scope="module")
def p256() -> SigningKey:
    private = ec.derive_private_key(42, ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SigningKey.from_pem(private.private_bytes(*form))


def trusting(key: SigningKey, *, revoked_at: datetime | None = None) -> KeySet:
    history = History(KEYS_CREATED_AT, revoked_at=revoked_at)
    return KeySet.from_jwks({"keys": [jwk_of(key.public, history=history)]})


def test_a_checkpoint_says_what_was_signed(alice: Issuer, p256: SigningKey) -> None:
    for key in (alice.key, p256):
        note = sign_checkpoint(SAID, signer=key)
        assert verify_checkpoint(note, keys=trusting(key)) == SAID


def test_a_checkpoint_under_another_algorithm_or_key_is_not_taken(alice: Issuer, p256: SigningKey) -> None:
    with pytest.raises(UntrustedKeyError):
        verify_checkpoint(sign_checkpoint(SAID, signer=p256), keys=trusting(alice.key))


@pytest.mark.parametrize("part", [b"", b"\x30\x00", b"\x30\x06\x02\x01\x00\x02\x01\x00", b"\xff" * 70])
def test_no_other_der_is_a_signature(p256: SigningKey, part: bytes) -> None:
    note = sign_checkpoint(SAID, signer=p256)
    signature = read_note(note).signatures[0]
    forged = note.replace(
        encode_base64(signature.key_hash + signature.signature), encode_base64(signature.key_hash + part)
    )
    with pytest.raises((BadSignatureError, MalformedError)):
        verify_checkpoint(forged, keys=trusting(p256))


def test_the_higher_s_and_a_longer_spelling_are_refused(p256: SigningKey) -> None:
    note = sign_checkpoint(SAID, signer=p256)
    signature = read_note(note).signatures[0]
    r, s = decode_dss_signature(signature.signature)
    for other in (encode_dss_signature(r, ORDER - s), signature.signature + b"\x00"):
        forged = note.replace(
            encode_base64(signature.key_hash + signature.signature), encode_base64(signature.key_hash + other)
        )
        with pytest.raises(BadSignatureError):
            verify_checkpoint(forged, keys=trusting(p256))


def test_a_key_signs_for_one_name_only(alice: Issuer, keys: KeySet) -> None:
    note = sign_checkpoint(SAID, signer=alice.key)
    with pytest.raises(UntrustedKeyError):
        verify_checkpoint(note.replace("test.example", "other.example"), keys=keys)


@pytest.mark.case("RCP-22")
def test_a_revoked_key_signs_no_checkpoint_whatever_time_it_states(alice: Issuer) -> None:
    note = sign_checkpoint(replace(SAID, signed_at=SIGNED_AT - timedelta(days=30)), signer=alice.key)
    verify_checkpoint(note, keys=trusting(alice.key))
    with pytest.raises(RevokedKeyError):
        verify_checkpoint(note, keys=trusting(alice.key, revoked_at=SIGNED_AT))


def test_what_nobody_could_read_is_not_signed(alice: Issuer) -> None:
    for said in (
        replace(SAID, origin="a b"),
        replace(SAID, size=0),
        replace(SAID, root=b"short"),
        replace(SAID, origin="a\nb"),
        replace(SAID, origin=""),
    ):
        with pytest.raises(CheckpointError):
            sign_checkpoint(said, signer=alice.key)


def test_an_origin_has_no_plus_sign() -> None:
    assert origin_of("a+b") == "a%2Bb/receipts"


def test_a_note_has_a_greatest_length(alice: Issuer) -> None:
    note = sign_checkpoint(SAID, signer=alice.key)
    assert read_checkpoint(note) == SAID
    with pytest.raises(MalformedError):
        read_note(note + f"— w.example {'A' * MAX_LENGTH}\n")


def test_the_base64_of_a_signature_has_one_spelling(alice: Issuer) -> None:
    note = sign_checkpoint(SAID, signer=alice.key)
    text = encode_base64(read_note(note).signatures[0].key_hash + read_note(note).signatures[0].signature)
    assert len(decode_base64(text)) == 68
    with pytest.raises(MalformedError):
        read_note(note.replace(text, text.rstrip("=")))


@pytest.mark.case("RCP-26")
def test_a_checkpoint_that_is_not_renewed_is_warned_of() -> None:
    fresh = age_warnings(SAID, now=SIGNED_AT + timedelta(seconds=1200), max_age_seconds=1200)
    stale = age_warnings(SAID, now=SIGNED_AT + timedelta(seconds=1201), max_age_seconds=1200)
    assert fresh == ()
    assert "1201 seconds old" in stale[0]


@pytest.mark.case("RCP-26")
def test_the_verifier_warns_of_a_log_that_was_frozen_and_finds_nothing_else_wrong(
    alice: Issuer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_at = datetime.now(UTC) - timedelta(days=3)
    key = jwk_of(alice.key.public, history=History(signed_at - timedelta(days=1), None, None))
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [key]}))
    (tmp_path / "log.note").write_text(sign_checkpoint(replace(SAID, signed_at=signed_at), signer=alice.key))
    question = ["verify", "--json", "--keys", str(tmp_path / "keys.json"), str(tmp_path / "log.note"), "--max-age"]
    said = []
    for days in (4, 2):
        assert main([*question, str(days * 24 * 3600)]) == ExitCode.VALID
        said.append(json.loads(capsys.readouterr().out)["warnings"])
    assert said[0] == []
    assert "seconds old" in said[1][0]
