"""What a place outside the database is asked: to keep a copy of a checkpoint that we can't change there any more.

A sink is named by a URI, whose scheme finds its class. It is loaded only where one is configured. To add a kind: write
a module with a class that has `from_uri` and `publish`, add its scheme to `KINDS`, and describe it in
docs/operations.md. Retrying, queueing and alarms are the caller's (`receipts.services.publication`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

from django.utils.module_loading import import_string

KINDS: Mapping[str, str] = {
    "dir": "receipts.anchors.directory.DirectorySink",
    "rfc3161": "receipts.anchors.timestamp.TimestampSink",
    "s3": "receipts.anchors.s3.S3Sink",
    "webhook": "receipts.anchors.webhook.WebhookSink",
    "witness": "receipts.anchors.witness.WitnessSink",
}


class AnchorError(Exception):
    """A copy was not taken. `permanent` says that trying again won't help until somebody mends the set-up."""

    def __init__(self, why: str, *, permanent: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.permanent = permanent


class OtherHistoryError(AnchorError):
    """The place has been shown another history of this log, or more of it than there is here."""

    def __init__(self, why: str) -> None:
        super().__init__(why, permanent=True)


class CheckpointSink(Protocol):
    """A place that keeps copies."""

    @classmethod
    def from_uri(cls, uri: str) -> CheckpointSink:
        """The place that `uri` names. Raises AnchorError (permanent) for one that can't be meant."""

    def publish(self, note: bytes, *, tree_size: int, at: datetime) -> bytes | None:
        """Keeps the signed note for good, and returns only when it is kept. Raises AnchorError.

        The same note may be published twice. `at` is the aware time that stands in the checkpoint. What is returned is
        the place's own statement about the note, verified, for the caller to keep: a time stamp, a cosignature.
        """


@runtime_checkable
class ReadableSink(Protocol):
    """A place that can say what it was given last; a start compares the database with it."""

    def newest(self) -> bytes | None:
        """The kept note with the largest tree size; None where there is none. Raises AnchorError."""


def opened(uri: str) -> CheckpointSink:
    """The sink that `uri` names. Raises AnchorError for a scheme that nobody knows."""
    scheme = uri.partition(":")[0]
    if scheme not in KINDS:
        raise AnchorError(f"No kind of outside copy is called {scheme[:20]!a}.", permanent=True)
    try:
        kind: type[CheckpointSink] = import_string(KINDS[scheme])
    except ImportError as error:
        raise AnchorError(f"Copies of the kind {scheme} need a library: {error.name}.", permanent=True) from error
    return kind.from_uri(uri)
