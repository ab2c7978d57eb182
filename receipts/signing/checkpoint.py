"""Checkpoints (c2sp.org/tlog-checkpoint): the size and root of the log, signed by its issuer.

To verify one (`verify_checkpoint`):
  1. It is a note of four lines: origin, size, root and time.
  2. At least one line signs for the origin with the hash of a key that the caller trusts.
  3. Every such line's signature fits.
  4. Each such key was in use at the checkpoint's time, and was never revoked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from receipts.signing.encoding import decode_base64, encode_base64
from receipts.signing.errors import (
    BadSignatureError,
    CheckpointError,
    MalformedError,
    SplitViewError,
    UnsupportedError,
    UntrustedKeyError,
)
from receipts.signing.keys import KeySet, PublicKey, Signer
from receipts.signing.merkle import HASH_LENGTH
from receipts.signing.notes import Note, NoteSignature, is_signed_by, key_hash, read_note, signature_line
from receipts.signing.strict_json import MAX_INTEGER
from receipts.signing.times import format_time, parse_time

_SIZE = re.compile(r"[1-9][0-9]{0,15}")
_ORIGIN = re.compile(r"[^ +]+")
_LINES = 4
_TIME = "time "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: `root` is 32 bytes, `size` a number of leaves from 1, `signed_at` aware."""

    origin: str
    size: int
    root: bytes
    signed_at: datetime

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n{_TIME}{format_time(self.signed_at)}\n"


def origin_of(deployment: str) -> str:
    """The name of a deployment's log. A name in a note has no plus sign."""
    return f"{deployment.replace('+', '%2B')}/receipts"


def sign_checkpoint(checkpoint: Checkpoint, *, signer: Signer) -> str:
    """The signed note. Raises CheckpointError for what no verifier would read."""
    line = signature_line(checkpoint.text, name=checkpoint.origin, public=signer.public, sign=signer.sign)
    note = f"{checkpoint.text}\n{line}"
    try:
        read_checkpoint(note)
    except (MalformedError, UnsupportedError) as error:
        raise CheckpointError(f"No verifier could read this checkpoint. {error.why}") from error
    return note


def read_checkpoint(note: str) -> Checkpoint:
    """What a note says, without verifying it. Raises MalformedError or UnsupportedError."""
    return _read(read_note(note))


def verify_checkpoint(note: str, *, keys: KeySet) -> Checkpoint:
    """What a checkpoint says that is signed by a key in `keys`. Raises VerificationError."""
    # 1. It has the form of one.
    found = read_note(note)
    checkpoint = _read(found)
    # 2. Somebody whom the caller trusts signed for the origin.
    trusted = [
        (line, candidates)
        for line in found.signatures
        if line.name == checkpoint.origin and (candidates := _candidates(line, keys=keys))
    ]
    if not trusted:
        raise UntrustedKeyError("No key that you trust has signed this checkpoint.")
    for line, candidates in trusted:
        # 3. The signature fits.
        fitting = [key for key in candidates if is_signed_by(key.public, text=found.text, signature=line.signature)]
        if not fitting:
            raise BadSignatureError(f"A signature does not fit the checkpoint and the key {candidates[0].key_id}.")
        # 4. The key was in use.
        fitting[0].require_use_at(checkpoint.signed_at)
        fitting[0].require_use_in(checkpoint.size)
    return checkpoint


def without_witnesses(note: str) -> str:
    """A note with the lines of its issuer alone, as it was before anybody cosigned it."""
    text, middle, lines = note.rpartition("\n\n")
    own = f"— {text.partition(chr(10))[0]} "
    return text + middle + "".join(line for line in lines.splitlines(keepends=True) if line.startswith(own))


def require_one_history(checkpoints: list[Checkpoint]) -> None:
    """Returns if checkpoints of one log with one size have one root. Raises SplitViewError."""
    roots: dict[int, bytes] = {}
    for checkpoint in checkpoints:
        if roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            raise SplitViewError(f"Two checkpoints tell two histories of the log at {checkpoint.size} receipts.")


def _candidates(line: NoteSignature, *, keys: KeySet) -> list[PublicKey]:
    return [key for key in keys if key_hash(key.public, name=line.name) == line.key_hash]


def _read(note: Note) -> Checkpoint:
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) < _LINES or not all(lines):
        raise MalformedError("A checkpoint has an origin, a size, a root and a time.")
    origin, size, root, time = lines[:_LINES]
    if not _ORIGIN.fullmatch(origin) or not _SIZE.fullmatch(size) or int(size) > MAX_INTEGER:
        raise MalformedError("The origin or the size of the checkpoint is not written as one.")
    found = Checkpoint(origin, int(size), _root(root), _time(time))
    if len(lines) > _LINES:
        raise UnsupportedError("The checkpoint has a line that this version does not know.")
    return found


def _root(text: str) -> bytes:
    try:
        root = decode_base64(text)
    except ValueError as error:
        raise MalformedError(f"The root of the checkpoint is {error}.") from error
    if len(root) != HASH_LENGTH:
        raise MalformedError(f"The root of the checkpoint has {len(root)} bytes instead of {HASH_LENGTH}.")
    return root


def _time(line: str) -> datetime:
    try:
        return parse_time(line.removeprefix(_TIME) if line.startswith(_TIME) else None)
    except ValueError as error:
        raise MalformedError(f"The time of the checkpoint is missing or wrong. {error}") from error
