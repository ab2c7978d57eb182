"""`witness:https://…#key=VKEY`: a witness checks that each checkpoint follows from the last (c2sp.org/tlog-witness).

It cosigns one history of the log and refuses any other, so that a log can't show two of them to two people. The
cosignature is verified with VKEY and kept beside the checkpoint. Witnesses know logs by Ed25519 keys: `keys export
--vkey` prints what to tell them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from receipts.anchors.base import AnchorError, OtherHistoryError
from receipts.anchors.web import Answer, post, require_success, split_uri
from receipts.selectors.log import MissingNodeError, consistency_proof, newest_checkpoint
from receipts.signing.cosignature import Witness, cosignature_of
from receipts.signing.encoding import encode_base64
from receipts.signing.errors import KeyFormatError, VerificationError
from receipts.signing.notes import read_note

CONFLICT, NOT_CONSISTENT = 409, 422

_OPTIONS = frozenset({"key"})
_HEADERS = {"Content-Type": "text/plain; charset=utf-8"}
_MAX_SIZE_LENGTH = 20


@dataclass(frozen=True, slots=True)
class WitnessSink:
    """A witness and its key."""

    url: str
    witness: Witness

    @classmethod
    def from_uri(cls, uri: str) -> WitnessSink:
        """Raises AnchorError."""
        url, options = split_uri(uri, known=_OPTIONS)
        try:
            witness = Witness.from_vkey(options.get("key", ""))
        except KeyFormatError as error:
            raise AnchorError(error.why, permanent=True) from error
        return cls(f"{url.rstrip('/')}/add-checkpoint", witness)

    def publish(self, note: bytes, *, tree_size: int, at: datetime) -> bytes | None:
        """Returns the cosignature's line, verified; None where the witness has seen a later checkpoint already.

        Witnesses never look back, and what it said of the later one holds for all before.
        """
        # The witness knows best what it saw last. Whoever asks with 0 is told, or gets a first cosignature.
        answer = self._ask(note, tree_size=tree_size, old_size=0)
        if answer.status == CONFLICT:
            old_size = _size_in(answer)
            if old_size > tree_size:
                _require_ours(old_size)
                return None
            answer = self._ask(note, tree_size=tree_size, old_size=old_size)
        if answer.status in (CONFLICT, NOT_CONSISTENT):
            raise OtherHistoryError("The witness says that this checkpoint doesn't follow from the last.")
        lines = require_success(answer)
        try:
            text = read_note(note.decode()).text
            return cosignature_of(self.witness, text=text, lines=lines.decode()).line.encode()
        except (VerificationError, UnicodeDecodeError) as error:
            raise AnchorError("The answer is no cosignature of the witness.") from error

    def _ask(self, note: bytes, *, tree_size: int, old_size: int) -> Answer:
        try:
            hashes = consistency_proof(old_size, size=tree_size).hashes if old_size else ()
        except MissingNodeError as error:
            raise AnchorError("The stored log has no proof for the witness.") from error
        proof = "".join(f"{encode_base64(item)}\n" for item in hashes)
        return post(self.url, content=f"old {old_size}\n{proof}\n".encode() + note, headers=_HEADERS)


def _require_ours(size: int) -> None:
    """Raises OtherHistoryError where nothing as large was ever signed here: a part of the log was lost."""
    newest = newest_checkpoint()
    if newest is None or newest.size < size:
        raise OtherHistoryError(f"The witness has seen {size} receipts of this log, which has never had as many here.")


def _size_in(answer: Answer) -> int:
    """The size that the witness saw last. Raises AnchorError where there is none."""
    text = answer.content.removesuffix(b"\n")
    if not (text.isdigit() and len(text) < _MAX_SIZE_LENGTH):
        raise AnchorError("The witness doesn't say which size it saw last.")
    return int(text)
