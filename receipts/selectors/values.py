"""Opening what a payload row keeps."""

from __future__ import annotations

from collections.abc import Iterable

from receipts.models import Payload
from receipts.signing.canonical import JSON, field_salt, load_strict

# More than any single body may have: a row joins several.
MAX_MEMBERS = 50_000


def opened_values(row: Payload | None) -> dict[str, JSON]:
    """The values of a payload; an erased one has none."""
    if row is None or row.content is None:
        return {}
    values = load_strict(bytes(row.content), max_depth=80, max_members=MAX_MEMBERS)
    assert isinstance(values, dict)
    return values


def disclosure_of(row: Payload | None, *, commitments: Iterable[str]) -> dict[str, JSON]:
    """What lets an outsider check `commitments`: `{path: {salt, value}}`, or null for each path when it was erased."""
    if row is None:
        return {}
    if row.seed is None:
        return dict.fromkeys(commitments)
    seed = bytes(row.seed)
    return {path: {"salt": field_salt(seed, path).hex(), "value": value} for path, value in opened_values(row).items()}
