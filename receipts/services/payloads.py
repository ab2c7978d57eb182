"""Storing values that may have to be erased, and what signed rows may say of them: salted commitments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from receipts.identifiers import new_id, new_seed
from receipts.models import Payload
from receipts.services.sealing import sealed_values, sealing_key
from receipts.signing.canonical import JSON, commitment, field_salt


@dataclass(frozen=True, slots=True)
class Committed:
    """A payload row that is not stored yet, the values in it, and the commitment of each of their paths."""

    row: Payload
    values: Mapping[str, JSON]
    commitments: dict[str, str]


@dataclass(frozen=True, slots=True)
class Promise:
    """Commitments of values that a payload will have unless they are changed before it is made; for one payload."""

    seed: bytes = field(repr=False)
    values: Mapping[str, JSON]
    commitments: Mapping[str, str]

    def commitment_of(self, path: str, value: JSON) -> str:
        """Only the very same object is known: values that are equal may still be written differently."""
        is_known = path in self.values and self.values[path] is value
        return self.commitments[path] if is_known else _commitment(path, seed=self.seed, value=value)


def promised(values: Mapping[str, JSON]) -> Promise:
    """Commitments under a fresh seed. The values must not be changed in place."""
    seed = new_seed()
    return Promise(seed, values, {path: _commitment(path, seed=seed, value=value) for path, value in values.items()})


def _commitment(path: str, *, seed: bytes, value: JSON) -> str:
    return commitment(path, salt=field_salt(seed, path), value=value)


def commit_values(
    values: Mapping[str, JSON], *, at: datetime, subject: str = "", promise: Promise | None = None
) -> Committed:
    """A payload of `{path: value}` with a fresh seed or that of `promise`, sealed with the key of `subject`.

    The caller saves the row in its own transaction. Raises `payload_key_unavailable`.
    """
    made = promise or promised({})
    found = {path: made.commitment_of(path, value) for path, value in values.items()}
    payload_id, key = new_id("pld"), sealing_key(subject, at=at)
    row = Payload(
        id=payload_id,
        subject=subject,
        content=sealed_values(values, seed=made.seed, key=key, place=payload_id),
        key_id=key.id,
        created_at=at,
        erased_at=None,
    )
    return Committed(row=row, values=values, commitments=found)


def store_values(values: Mapping[str, JSON], *, at: datetime, subject: str = "") -> Committed:
    """As `commit_values`, with the row saved."""
    committed = commit_values(values, at=at, subject=subject)
    committed.row.save(force_insert=True)
    return committed
