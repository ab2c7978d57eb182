"""Cosignatures: only the line of the witness whose key was given counts, and only for this checkpoint."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from receipts.signing.cosignature import Witness, cosignature_of, log_vkey
from receipts.signing.ed25519 import Ed25519Public
from receipts.signing.errors import BadSignatureError, KeyFormatError, MalformedError, UntrustedKeyError

TEXT = "vectors.example/receipts\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
NAME, TIME = "witness.example/w1", 1_679_315_147
PRIVATE = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"walter").digest())
RAW = PRIVATE.public_key().public_bytes_raw()


def hash_of(name: str, *, kind: bytes = b"\x04") -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + RAW).digest()[:4]


def vkey(name: str = NAME, *, hashed: str = "", kind: bytes = b"\x04", raw: bytes = RAW) -> str:
    return f"{name}+{hashed or hash_of(name).hex()}+{base64.b64encode(kind + raw).decode()}"


def line(*, name: str = NAME, time: int = TIME, text: str = TEXT, key_hash: bytes | None = None) -> str:
    signature = PRIVATE.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
    data = (hash_of(NAME) if key_hash is None else key_hash) + time.to_bytes(8, "big") + signature
    return f"— {name} {base64.b64encode(data).decode()}\n"


@pytest.fixture
def walter() -> Witness:
    return Witness.from_vkey(vkey())


def test_the_witness_s_line_is_found_among_others_and_returned_as_it_stands(walter: Witness) -> None:
    others = "— somebody.example AAAAAAAA\n" + line(name="other.example") + line(key_hash=b"\0\0\0\0")
    found = cosignature_of(walter, text=TEXT, lines=others + line())
    assert (found.line, found.time) == (line(), TIME)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (line(text=TEXT.replace("5", "6")), BadSignatureError),
        (line(name="other.example"), UntrustedKeyError),
        (line(key_hash=b"\0\0\0\0"), UntrustedKeyError),
        (line(time=2**63), MalformedError),
        (f"— {NAME} {base64.b64encode(hash_of(NAME) + b'short').decode()}\n", BadSignatureError),
        ("", MalformedError),
        ("no line", MalformedError),
    ],
)
def test_what_is_no_cosignature_of_this_checkpoint_is_refused(
    walter: Witness, lines: str, error: type[Exception]
) -> None:
    assert cosignature_of(walter, text=TEXT, lines=line()).time == TIME
    with pytest.raises(error):
        cosignature_of(walter, text=TEXT, lines=lines)


@pytest.mark.parametrize(
    "text",
    [
        "",
        NAME,
        f"{NAME}+{hash_of(NAME).hex()}",
        f"{NAME}+{hash_of(NAME).hex()}+!",
        vkey(hashed="00000000"),
        vkey(kind=b"\x01"),
        vkey(kind=b""),
        vkey(raw=RAW[:31]),
        vkey(raw=bytes(32)),
        vkey(name=""),
    ],
)
def test_a_key_that_is_none_of_a_witness_is_refused(text: str) -> None:
    assert Witness.from_vkey(vkey()).public.raw == RAW
    with pytest.raises(KeyFormatError):
        Witness.from_vkey(text)


def test_a_log_s_key_is_written_with_its_origin_and_type() -> None:
    found = log_vkey(Ed25519Public.from_raw(RAW), origin="log.example/receipts")
    name, hashed, key = found.split("+", 2)
    assert (name, base64.b64decode(key)) == ("log.example/receipts", b"\x01" + RAW)
    assert hashed == hash_of("log.example/receipts", kind=b"\x01").hex()
