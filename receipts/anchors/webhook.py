"""`webhook:https://…#secret-file=PATH`: each checkpoint is sent to an address, signed with a shared secret.

The signature is that of Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, base64, as `webhook-signature: v1,…`.
The id depends on the checkpoint alone, so that a receiver can tell a second delivery from a second checkpoint.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from receipts.anchors.base import AnchorError
from receipts.anchors.web import post, require_success, split_uri
from receipts.signing.encoding import encode_base64

_OPTIONS = frozenset({"secret-file"})
_MIN_SECRET_LENGTH = 24


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """An address that takes checkpoints."""

    url: str
    secret: bytes = field(repr=False)

    @classmethod
    def from_uri(cls, uri: str) -> WebhookSink:
        """Reads the secret from its file. Raises AnchorError."""
        url, options = split_uri(uri, known=_OPTIONS)
        try:
            secret = Path(options.get("secret-file", "")).read_bytes().strip()
        except OSError as error:
            raise AnchorError("The file that secret-file names can't be read.", permanent=True) from error
        if len(secret) < _MIN_SECRET_LENGTH:
            raise AnchorError(f"The webhook's secret has fewer than {_MIN_SECRET_LENGTH} bytes.", permanent=True)
        return cls(url, secret)

    def publish(self, note: bytes, *, tree_size: int, at: datetime) -> None:
        message_id, timestamp = "checkpoint_" + hashlib.sha256(note).hexdigest(), str(int(at.timestamp()))
        signed = f"{message_id}.{timestamp}.".encode() + note
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": "v1," + encode_base64(hmac.digest(self.secret, signed, "sha256")),
        }
        require_success(post(self.url, content=note, headers=headers))
