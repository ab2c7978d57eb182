"""Sealing values with the key of the person whom they are about, and changing the key that all those are under."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import transaction

from receipts.identifiers import new_id, new_seed
from receipts.master_keys import add_master_key, make_master_key, master_keys, unavailable
from receipts.models import SubjectKey
from receipts.sealing import NONCE_LENGTH, seal
from receipts.selectors.subject_keys import OpenKey, month_key, unwrapped
from receipts.signing.canonical import JSON, canonical_bytes

# Nobody's, and of a month that the end of retention never comes to.
_LASTING = {"subject": "", "month": "9999-12"}


def month_of(at: datetime) -> str:
    """`2026-11`, by UTC: the segment in which values of that moment end together."""
    return at.astimezone(UTC).strftime("%Y-%m")


def sealing_key(subject: str, *, at: datetime) -> OpenKey:
    """The key for what `subject` leaves at that moment; a new one for the first value of a month.

    Raises `payload_key_unavailable`.
    """
    month = month_of(at)
    return month_key(subject, month=month) or _made(subject, month=month)


def lasting_key() -> OpenKey:
    """The key that names are digested with where they can be guessed: nothing ends it, nothing is sealed with it.

    Raises `payload_key_unavailable`.
    """
    return month_key(**_LASTING) or _made(**_LASTING)


def sealed_values(values: Mapping[str, JSON], *, seed: bytes, key: OpenKey, place: str) -> bytes:
    """The seed of the salts and the values, sealed together: what opens one opens the other, and both go at once."""
    return sealed_bytes(seed + canonical_bytes(dict(values)), key=key, place=place)


def sealed_bytes(data: bytes, *, key: OpenKey, place: str) -> bytes:
    """`data`, to be opened only under this key and in this place."""
    return seal(data, key=key.secret, nonce=secrets.token_bytes(NONCE_LENGTH), place=place)


def _made(subject: str, *, month: str) -> OpenKey:
    master_id, master = _wrapping_key()
    fresh = OpenKey(new_id("sky"), new_seed())
    row = SubjectKey(
        id=fresh.id, subject=subject, month=month, master_id=master_id, wrapped=_wrapped(fresh, master=master)
    )
    SubjectKey.objects.bulk_create([row], ignore_conflicts=True)
    # Whoever was faster made the one that counts.
    found = month_key(subject, month=month)
    if found is None:
        raise unavailable("The subject is being erased at this moment.")
    return found


def _wrapped(key: OpenKey, *, master: bytes) -> bytes:
    return sealed_bytes(key.secret, key=OpenKey(key.id, master), place=key.id)


def _wrapping_key() -> tuple[str, bytes]:
    """The first master key. It is made where nothing was sealed yet, and never where that would hide a loss."""
    found = master_keys()
    if not found and not SubjectKey.objects.exists():
        make_master_key()
        found = master_keys()
    for master_id, master in found.items():
        return master_id, master
    raise unavailable("The file of payload keys is missing or empty.")


def rotate_master_key() -> int:
    """Puts every subject's key under a new master key; how many that were.

    The master keys that nothing was under before leave the file, and so the present one leaves in the next rotation:
    a process that has just read the file may still wrap with it.
    """
    used = set(SubjectKey.objects.values_list("master_id", flat=True).distinct())
    add_master_key(keeping=used | {_wrapping_key()[0]})
    master_id, master = _wrapping_key()
    with transaction.atomic():
        rows = list(SubjectKey.objects.select_for_update().exclude(master_id=master_id))
        for row in rows:
            row.master_id, row.wrapped = master_id, _wrapped(unwrapped(row), master=master)
        SubjectKey.objects.bulk_update(rows, ["master_id", "wrapped"], batch_size=500)
    return len(rows)
