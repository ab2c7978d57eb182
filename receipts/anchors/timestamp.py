"""`rfc3161:https://…#roots=PATH`: a time-stamping authority signs when it saw each checkpoint (RFC 3161).

The answer is verified against the root certificates in PATH before it counts, and kept beside the checkpoint: it shows
that the checkpoint, and so every receipt below it, was there at that time, whatever our clock said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.x509 import Certificate
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from receipts.anchors.base import AnchorError
from receipts.anchors.web import post, require_success, split_uri
from receipts.signing.errors import BadSignatureError, KeyFormatError
from receipts.signing.stamps import read_roots, verify_stamp

_OPTIONS = frozenset({"roots"})
_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


@dataclass(frozen=True, slots=True)
class TimestampSink:
    """A time-stamping authority, and whom we believe to be one."""

    url: str
    roots: tuple[Certificate, ...] = field(repr=False)

    @classmethod
    def from_uri(cls, uri: str) -> TimestampSink:
        """Reads the certificates from their file. Raises AnchorError."""
        url, options = split_uri(uri, known=_OPTIONS)
        try:
            roots = read_roots(Path(options.get("roots", "")).read_bytes())
        except (OSError, KeyFormatError) as error:
            raise AnchorError("The file that roots names holds no certificates.", permanent=True) from error
        return cls(url, roots)

    def publish(self, note: bytes, *, tree_size: int, at: datetime) -> bytes:
        """Returns the time stamp, DER of TimeStampResp, verified."""
        asked = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256)
        request = asked.nonce(nonce=True).cert_request(cert_request=True).build()
        stamp = require_success(post(self.url, content=request.as_bytes(), headers=_HEADERS))
        try:
            verify_stamp(stamp, data=note, roots=self.roots, nonce=request.nonce)
        except BadSignatureError as error:
            raise AnchorError("The answer is no time stamp of this checkpoint that we believe.") from error
        return stamp
