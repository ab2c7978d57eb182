"""Opening what a payload row keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from receipts.models import Payload
from receipts.sealing import unseal
from receipts.selectors.subject_keys import OpenKey, key_of, keys_of
from receipts.signing.canonical import JSON, SECRET_LENGTH, field_salt, load_strict

# More than any single body may have: a row joins several.
MAX_MEMBERS = 50_000


def is_openable(row: Payload) -> bool:
    """Whether the values are there, and the key that opens them. Raises `payload_key_unavailable`."""
    return _key_of(row) is not None


def opened_values(row: Payload | None) -> dict[str, JSON]:
    """The values of a payload; an erased one has none. Raises SealingError where it was altered."""
    found = None if row is None else _opened(row, key=_key_of(row))
    return {} if found is None else found[1]


def all_opened_values(rows: Collection[Payload]) -> dict[str, dict[str, JSON]]:
    """The values of many payloads by their ids, as `opened_values` has them, in one statement."""
    keys = keys_of({row.key_id for row in rows if row.content is not None})
    found = {row.pk: _opened(row, key=keys.get(row.key_id)) for row in rows}
    return {payload_id: {} if opened is None else opened[1] for payload_id, opened in found.items()}


def disclosure_of(row: Payload | None, *, commitments: Iterable[str]) -> dict[str, JSON]:
    """What lets an outsider check `commitments`: `{path: {salt, value}}`, or null for each path when it was erased."""
    if row is None:
        return {}
    found = _opened(row, key=_key_of(row))
    if found is None:
        return dict.fromkeys(commitments)
    seed, values = found
    return {path: {"salt": field_salt(seed, path).hex(), "value": value} for path, value in values.items()}


def _key_of(row: Payload) -> OpenKey | None:
    return None if row.content is None else key_of(row.key_id)


def _opened(row: Payload, *, key: OpenKey | None) -> tuple[bytes, dict[str, JSON]] | None:
    """The seed and the values; None where the values or the key that opens them are gone."""
    if row.content is None or key is None:
        return None
    opened = unseal(bytes(row.content), key=key.secret, place=row.pk)
    values = load_strict(opened[SECRET_LENGTH:], max_depth=80, max_members=MAX_MEMBERS)
    assert isinstance(values, dict)
    return opened[:SECRET_LENGTH], values
