"""Signed notes (c2sp.org/signed-note): text, an empty line, and lines that sign the text.

    — <name> <base64 of 4 bytes of the key's hash and the signature>

A key's hash depends on the name, so that the same key under another name signs nothing for this one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from receipts.signing.algorithms import Algorithm, PublicHalf
from receipts.signing.encoding import decode_base64, decode_base64url, encode_base64
from receipts.signing.errors import MalformedError

MAX_LENGTH = 65_536
MAX_SIGNATURES = 64

_HASH_LENGTH = 4
_LINE = re.compile(r"— ([^ +]+) ([A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
# SubjectPublicKeyInfo of an uncompressed point on P-256, up to the point's 0x04.
_P256_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line: who signs, 4 bytes of the hash of which key, and the signature as the note has it."""

    name: str
    key_hash: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note that has the form of one. Nothing about it has been verified."""

    text: str
    signatures: tuple[NoteSignature, ...]


def is_note(data: bytes) -> bool:
    """Whether a file is meant to be a note rather than JSON."""
    return not data.lstrip().startswith((b"{", b"[")) and "\n— ".encode() in data


def read_note(note: str) -> Note:
    """Raises MalformedError."""
    if len(note.encode("utf-8", "surrogatepass")) > MAX_LENGTH:
        raise MalformedError(f"The note has more than {MAX_LENGTH} bytes.")
    text, middle, lines = note.rpartition("\n\n")
    if not middle or _CONTROL.search(note) or not lines.endswith("\n"):
        raise MalformedError("The note is not lines of text, an empty line and signature lines.")
    found = lines.removesuffix("\n").split("\n")
    if len(found) > MAX_SIGNATURES:
        raise MalformedError(f"The note has more than {MAX_SIGNATURES} signature lines.")
    return Note(text + "\n", tuple(map(_signature, found)))


def _signature(line: str) -> NoteSignature:
    match = _LINE.fullmatch(line)
    if match is None:
        raise MalformedError("A line after the empty one is not a dash, a name and base64.")
    try:
        data = decode_base64(match[2])
    except ValueError as error:
        raise MalformedError(f"A signature of the note is {error}.") from error
    if len(data) <= _HASH_LENGTH:
        raise MalformedError("A signature of the note is too short.")
    return NoteSignature(match[1], data[:_HASH_LENGTH], data[_HASH_LENGTH:])


def signature_line(text: str, *, name: str, public: PublicHalf, sign: Callable[[bytes], bytes]) -> str:
    """The line, with its end, by which the key `public` signs `text`; `sign` returns 64 bytes as for receipts."""
    signature = _FORMS[public.algorithm].written(sign(text.encode()))
    return f"— {name} {encode_base64(key_hash(public, name=name) + signature)}\n"


def key_hash(public: PublicHalf, *, name: str) -> bytes:
    """The 4 bytes by which a note says which key signed it under a name."""
    return hashlib.sha256(_FORMS[public.algorithm].identity(public, name)).digest()[:_HASH_LENGTH]


def is_signed_by(public: PublicHalf, *, text: str, signature: bytes) -> bool:
    """Whether `signature`, as a note has it, is one of `text`."""
    raw = _FORMS[public.algorithm].read(signature)
    return raw is not None and public.is_fitting(raw, data=text.encode())


@dataclass(frozen=True, slots=True)
class _Form:
    """How notes write one algorithm's keys and signatures, where receipts have 64 bytes."""

    identity: Callable[[PublicHalf, str], bytes]
    written: Callable[[bytes], bytes]
    read: Callable[[bytes], bytes | None]


def _ed25519_identity(public: PublicHalf, name: str) -> bytes:
    return name.encode() + b"\n\x01" + decode_base64url(public.members["x"])


def _p256_identity(public: PublicHalf, name: str) -> bytes:
    return _P256_PREFIX + decode_base64url(public.members["x"]) + decode_base64url(public.members["y"])


def _p256_written(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def _p256_read(der: bytes) -> bytes | None:
    """r ‖ s of DER in its one spelling."""
    try:
        r, s = decode_dss_signature(der)
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    except (ValueError, OverflowError):
        return None
    return raw if _p256_written(raw) == der else None


_FORMS: Mapping[Algorithm, _Form] = {
    Algorithm.ED25519: _Form(_ed25519_identity, lambda raw: raw, lambda raw: raw if len(raw) == 64 else None),
    Algorithm.ES256: _Form(_p256_identity, _p256_written, _p256_read),
}
