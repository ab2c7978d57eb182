"""Opening what a payload row keeps."""

from __future__ import annotations

from collections.abc import Iterable

from receipts.models import Payload
from receipts.sealing import unseal
from receipts.selectors.subject_keys import key_of
from receipts.signing.canonical import JSON, SECRET_LENGTH, field_salt, load_strict

# More than any single body may have: a row joins several.
MAX_MEMBERS = 50_000


def opened_values(row: Payload | None) -> dict[str, JSON]:
    """The values of a payload; an erased one has none. Raises SealingError where it was altered."""
    found = None if row is None else _opened(row)
    return {} if found is None else found[1]


def disclosure_of(row: Payload | None, *, commitments: Iterable[str]) -> dict[str, JSON]:
    """What lets an outsider check `commitments`: `{path: {salt, value}}`, or null for each path when it was erased."""
    if row is None:
        return {}
    found = _opened(row)
    if found is None:
        return dict.fromkeys(commitments)
    seed, values = found
    return {path: {"salt": field_salt(seed, path).hex(), "value": value} for path, value in values.items()}


def _opened(row: Payload) -> tuple[bytes, dict[str, JSON]] | None:
    """The seed and the values; None where the values or the key that opens them are gone."""
    key = None if row.content is None else key_of(row.key_id)
    if row.content is None or key is None:
        return None
    opened = unseal(bytes(row.content), key=key.secret, place=row.pk)
    values = load_strict(opened[SECRET_LENGTH:], max_depth=80, max_members=MAX_MEMBERS)
    assert isinstance(values, dict)
    return opened[:SECRET_LENGTH], values
