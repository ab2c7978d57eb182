"""The keys of subjects, unwrapped, and kept by each process for seconds only: a key that was destroyed is soon unknown.

Only what is committed is kept, so that nothing is ever sealed with a key that a rollback took away.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from time import monotonic

from django.db import transaction

from receipts.master_keys import master_keys, unavailable
from receipts.models import SubjectKey
from receipts.reads import RowRead
from receipts.sealing import SealingError, unseal
from receipts.short_memory import ShortMemory

KEPT_SECONDS = 5.0
MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A subject's key, ready to use."""

    id: str
    secret: bytes = field(repr=False)


_KEPT: ShortMemory[OpenKey] = ShortMemory(seconds=KEPT_SECONDS, most=MOST_KEPT)
forget_keys = _KEPT.clear
"""Called where keys are destroyed; other processes forget by themselves."""
_BY_ID = RowRead(SubjectKey, where="r.id = %s")
_BY_MONTH = RowRead(SubjectKey, where="r.subject = %s AND r.month = %s")


def key_of(key_id: str) -> OpenKey | None:
    """The key of this id; None when it was destroyed. Raises `payload_key_unavailable`."""
    return _looked_up(key_id, _BY_ID, key_id)


def keys_of(key_ids: Collection[str]) -> dict[str, OpenKey]:
    """Those of these keys that aren't destroyed, by their ids: one statement for all that aren't kept."""
    kept = {key_id: _KEPT.get(key_id) for key_id in key_ids}
    found = {key_id: key for key_id, key in kept.items() if key is not None}
    missing, read_at = kept.keys() - found.keys(), monotonic()
    for row in SubjectKey.objects.filter(pk__in=missing) if missing else ():
        found[row.pk] = _noted(row.pk, unwrapped(row), read_at=read_at)
    return found


def month_key(subject: str, *, month: str) -> OpenKey | None:
    """The key for what `subject` leaves in `month`, if there is one already. Raises `payload_key_unavailable`."""
    return _looked_up(f"{subject} {month}", _BY_MONTH, subject, month)


def _looked_up(name: str, read: RowRead[SubjectKey], *parameters: str) -> OpenKey | None:
    found = _KEPT.get(name)
    if found is None:
        read_at, row = monotonic(), read.one(*parameters)
        if row is None:
            return None
        found = _noted(name, unwrapped(row), read_at=read_at)
    return found


def _noted(name: str, key: OpenKey, *, read_at: float) -> OpenKey:
    transaction.on_commit(lambda: _KEPT.put(name, key, read_at=read_at))
    return key


def unwrapped(row: SubjectKey) -> OpenKey:
    """The key in a row. Raises `payload_key_unavailable`."""
    master = master_keys().get(row.master_id)
    if master is None:
        raise unavailable("The master key that values were sealed under is not there.")
    try:
        return OpenKey(row.pk, unseal(bytes(row.wrapped), key=master, place=row.pk))
    except SealingError as error:
        raise unavailable("A subject's key can't be unwrapped.") from error
