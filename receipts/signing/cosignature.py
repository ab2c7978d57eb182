"""What witnesses say of a checkpoint (c2sp.org/tlog-cosignature, version 1): they saw no other history of the log.

A witness is known by a verifier key (c2sp.org/signed-note): `name+hash+key`, with the type 0x04 before the key's 32
bytes. What it signs is `cosignature/v1`, a time in seconds, and the text of the checkpoint.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from receipts.signing.ed25519 import Ed25519Public
from receipts.signing.encoding import decode_base64, encode_base64
from receipts.signing.errors import BadSignatureError, KeyFormatError, MalformedError, UntrustedKeyError
from receipts.signing.notes import read_note

COSIGNATURE: Final = b"\x04"
LOG_SIGNATURE: Final = b"\x01"

_HASH_LENGTH = 4
_TIME_LENGTH = 8
_LENGTH = _TIME_LENGTH + 64
_NAME = re.compile(r"[^ +]+")
_MAX_TIME = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified line, with its end, who wrote it, and the POSIX time in whole seconds that the witness stated."""

    line: str
    name: str
    time: int


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody whose cosignatures the caller trusts."""

    name: str
    public: Ed25519Public

    @classmethod
    def from_vkey(cls, vkey: str) -> Witness:
        """Raises KeyFormatError."""
        name, _, rest = vkey.partition("+")
        hash_text, _, key_text = rest.partition("+")
        try:
            key = decode_base64(key_text)
        except ValueError as error:
            raise KeyFormatError(f"The key of a witness is {error}.", fix=_ASK) from error
        if not key.startswith(COSIGNATURE):
            raise KeyFormatError("The key of a witness is not one for cosignatures of type 4.", fix=_ASK)
        found = cls(name, Ed25519Public.from_raw(key[1:]))
        if not _NAME.fullmatch(name) or found.key_hash.hex() != hash_text:
            raise KeyFormatError("The key of a witness is listed under another one's hash or name.", fix=_ASK)
        return found

    @property
    def key_hash(self) -> bytes:
        """The 4 bytes by which its lines name the key."""
        return _hashed(self.name, kind=COSIGNATURE, raw=self.public.raw)


_ASK = "Ask whoever runs the witness for its verifier key."


def cosignature_of(witness: Witness, *, text: str, lines: str) -> Cosignature:
    """The witness's line among `lines`, which it answered for the checkpoint's `text`. Lines of others are passed over.

    Raises MalformedError, UntrustedKeyError if no line is the witness's, and BadSignatureError.
    """
    note = read_note(f"{text}\n{lines}")
    for line in note.signatures:
        if (line.name, line.key_hash) == (witness.name, witness.key_hash):
            if len(line.signature) != _LENGTH:
                raise BadSignatureError("The witness's line is not as long as a cosignature.")
            time, signature = int.from_bytes(line.signature[:_TIME_LENGTH], "big"), line.signature[_TIME_LENGTH:]
            if time > _MAX_TIME:
                raise MalformedError("The witness states a time that can't be.")
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
            if not witness.public.is_fitting(signature, data=message):
                raise BadSignatureError("The witness's signature does not fit the checkpoint.")
            return Cosignature(f"— {line.name} {encode_base64(line.key_hash + line.signature)}\n", line.name, time)
    raise UntrustedKeyError(f"No line is from the witness {witness.name[:80]!a}.")


def require_cosigned(note: str, *, witnesses: Sequence[Witness]) -> tuple[Cosignature, ...]:
    """What each of the witnesses said of a checkpoint whose form was read before. Raises as `cosignature_of`."""
    text, _, lines = note.rpartition("\n\n")
    return tuple(cosignature_of(witness, text=f"{text}\n", lines=lines) for witness in witnesses)


def log_vkey(public: Ed25519Public, *, origin: str) -> str:
    """The verifier key by which a witness gets to know a log that signs with Ed25519."""
    hashed = _hashed(origin, kind=LOG_SIGNATURE, raw=public.raw)
    return f"{origin}+{hashed.hex()}+{encode_base64(LOG_SIGNATURE + public.raw)}"


def _hashed(name: str, *, kind: bytes, raw: bytes) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass") + b"\n" + kind + raw).digest()[:_HASH_LENGTH]
