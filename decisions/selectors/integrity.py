"""Whether a session's row, and the entries behind it, are what this product wrote last (CTX-07).

The row carries a seal: an HMAC, under the installation's secret key, of everything in it and of the digest of its
accumulated state. Whoever can write to the database but doesn't have that key can't change a session unnoticed. The
entries need no key of their own: each names the digest of the one before, and the last one's digest is in the row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from decisions.models import ContextEntry, Session
from receipts.signing.canonical import CanonicalError, canonical_bytes, digest, sha256_digest

_SALT = "aarm/session/v1"
# The state is there by its digest, which an entry names as well.
_BESIDE = frozenset({"state", "seal"})
_CHUNK = 1000
_STATE_ALTERED = "Its accumulated state is not what was written."


@dataclass(frozen=True, slots=True)
class End:
    """How far a chain was followed: the last position, and the digest of the entry there."""

    position: int = 0
    digest: str = ""


BEGINNING = End()


@dataclass(frozen=True, slots=True)
class Followed:
    """A stretch of a chain: where it ends, or where it stops to hold and why."""

    end: End
    fault: str = ""


def sealed_values(session: Session) -> dict[str, Any]:
    """What the seal of this row covers, by column."""
    return {field.attname: getattr(session, field.attname) for field in session._meta.concrete_fields}


def seal_of(values: Mapping[str, Any], *, state: str, secret: str | None = None) -> str:
    """The seal of a row with these values, and with a state of this digest.

    What is empty is left out, so that a column that a later version adds breaks no seal.
    """
    told = {name: _told(value) for name, value in values.items() if value and name not in _BESIDE}
    message = canonical_bytes(told | {"state": state})
    return salted_hmac(_SALT, message, secret=secret, algorithm="sha256").hexdigest()


def _told(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def is_sealed(values: Mapping[str, Any]) -> bool:
    """Whether a row as it was read has the seal of its values, under the present secret key or an earlier one."""
    try:
        state = digest(values["state"])
    except CanonicalError:
        return False
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    seals = (seal_of(values, state=state, secret=secret) for secret in secrets)
    return any(constant_time_compare(values["seal"], seal) for seal in seals)


def fault_in(session: Session) -> str:
    """What is wrong with the row as it was read, or with its last entry; empty where nothing is.

    Costs the same however long the session is.
    """
    values = session.as_read
    if values is None:
        # It was made in this transaction.
        return ""
    if values["broken_at"] is not None:
        return "Part of its record was found altered before."
    if not is_sealed(values):
        return _STATE_ALTERED
    if _digest_at_end(session) != values["head"]:
        return "Its last entry was altered or removed."
    return ""


def _digest_at_end(session: Session) -> str:
    """The digest of the last entry's bytes, computed again."""
    body = getattr(session, "last_entry", None)
    if body is None:
        # Not read along, or by a statement that began before the entry was committed.
        body = session.entries.filter(position=session.length).values_list("body", flat=True).first()
    return "" if body is None else sha256_digest(bytes(body))


def follow(rows: Iterable[ContextEntry], *, after: End) -> Followed:
    """Follows the chain through consecutive entries of one session; stops at the first that doesn't fit."""
    end = after
    for row in rows:
        fault = _fault_of(row, after=end)
        if fault:
            return Followed(end, fault)
        end = End(row.position, row.digest)
    return Followed(end)


def _fault_of(row: ContextEntry, *, after: End) -> str:
    if row.position != after.position + 1:
        return f"Entry {after.position + 1} was removed."
    body = bytes(row.body)
    if sha256_digest(body) != row.digest:
        return f"Entry {row.position} was altered."
    try:
        said = json.loads(body)
        names = (said["session"], said["position"], said["previous"] or "")
    except (ValueError, KeyError, TypeError):
        return f"Entry {row.position} can't be read."
    if names != (row.session_id, row.position, after.digest):
        return f"Entry {row.position} doesn't follow the one before it."
    return ""


def follow_session(session: Session, *, after: End, most: int) -> Followed:
    """Follows at most so many entries of a session, and at the end of the chain holds it against the row."""
    # Entries that are written meanwhile lie behind the length that was read.
    rows = session.entries.filter(position__gt=after.position, position__lte=session.length).order_by("position")
    return _held(session, found=follow(rows[:most].iterator(chunk_size=_CHUNK), after=after), wanted=most, after=after)


def follow_whole(session: Session, *, entries: Sequence[ContextEntry]) -> Followed:
    """The same for a session all of whose entries are at hand, and maybe some that were written meanwhile."""
    found = follow(entries[: session.length], after=BEGINNING)
    return _held(session, found=found, wanted=session.length, after=BEGINNING)


def _held(session: Session, *, found: Followed, wanted: int, after: End) -> Followed:
    end = found.end
    if not found.fault and end.position < min(session.length, after.position + wanted):
        return Followed(end, f"Entry {end.position + 1} was removed.")
    if found.fault or end.position < session.length:
        return found
    return Followed(end, _fault_of_row(session, end=end))


def _fault_of_row(session: Session, *, end: End) -> str:
    assert session.as_read is not None
    if end.digest != session.head:
        return "Its last entry is not the one that its row names."
    return "" if is_sealed(session.as_read) else _STATE_ALTERED


def entries_by_session(sessions: Iterable[Session]) -> dict[str, list[ContextEntry]]:
    """All entries of a few short sessions, in one query."""
    rows = ContextEntry.objects.filter(session__in=[session.pk for session in sessions])
    found: dict[str, list[ContextEntry]] = {}
    for row in rows.order_by("session_id", "position"):
        found.setdefault(row.session_id, []).append(row)
    return found
