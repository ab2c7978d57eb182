"""Storing values that may have to be erased, and what signed rows may say of them: salted commitments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from receipts.identifiers import new_id, new_seed
from receipts.models import Payload
from receipts.signing.canonical import JSON, canonical_bytes, commitment, field_salt, load_strict


@dataclass(frozen=True, slots=True)
class Committed:
    """A payload row that is not stored yet, and the commitment of each of its paths."""

    row: Payload
    commitments: dict[str, str]


def commit_values(values: Mapping[str, JSON], *, at: datetime, subject: str = "") -> Committed:
    """A payload of `{path: value}` with a fresh seed. The caller saves the row in its own transaction."""
    seed = new_seed()
    found = {path: commitment(path, salt=field_salt(seed, path), value=value) for path, value in values.items()}
    row = Payload(
        id=new_id("pld"), subject=subject, content=canonical_bytes(dict(values)), seed=seed, created_at=at, erased_at=None
    )
    return Committed(row=row, commitments=found)


def store_values(values: Mapping[str, JSON], *, at: datetime, subject: str = "") -> Committed:
    """As `commit_values`, with the row saved."""
    committed = commit_values(values, at=at, subject=subject)
    committed.row.save(force_insert=True)
    return committed


def opened_values(row: Payload | None) -> dict[str, JSON]:
    """The values of a payload; an erased one has none."""
    if row is None or row.content is None:
        return {}
    values = load_strict(bytes(row.content), max_depth=80)
    assert isinstance(values, dict)
    return values


def disclosure_of(row: Payload | None) -> dict[str, JSON]:
    """What lets an outsider check the commitments: `{path: {salt, value}}`, or nothing when erased."""
    if row is None or row.seed is None:
        return {}
    seed = bytes(row.seed)
    return {path: {"salt": field_salt(seed, path).hex(), "value": value} for path, value in opened_values(row).items()}
