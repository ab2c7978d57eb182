"""The keys of hosts on whose word a session rests: the one that opened it, and those that have vouched for more since.

A key that was revoked may have been in the wrong hands, and then so may the human, the request and every word that it
vouched for. Nothing is permitted in such a session any more (CTX-17). A key that was rotated, or has expired, leaves
its sessions as they are.
"""

from __future__ import annotations

from decisions.models import Credential, Session
from receipts.access import Caller, CallerKind

# What `has_revoked_key` is read with, where the session's row is `r`.
_LISTED = {
    "postgresql": "SELECT jsonb_array_elements_text(r.host_keys)",
    "sqlite": "SELECT value FROM json_each(r.host_keys)",
}
REVOKED_KEY_OF_ROW = {
    vendor: f"EXISTS (SELECT 1 FROM decisions_credential c WHERE c.revoked_at IS NOT NULL AND c.id IN ({listed}))"  # noqa: S608
    for vendor, listed in _LISTED.items()
}


def keys_of(caller: Caller) -> list[str]:
    """The key with which a host vouches now; none of an agent, whose word vouches for nothing."""
    return [caller.key_id] if caller.kind is CallerKind.HOST else []


def add_word(session: Session, *, caller: Caller) -> None:
    """Before an entry with the word of this caller is added to a locked session: from now on it rests on it as well."""
    added = [key for key in keys_of(caller) if key not in session.host_keys]
    if added:
        session.host_keys = [*session.host_keys, *added]
        Session.objects.filter(pk=session.pk).update(host_keys=session.host_keys)


def rests_on_revoked_key(session: Session) -> bool:
    """Whether one of its keys was revoked, as the statement that locked the session found, or as it is now."""
    if session.has_revoked_key is not None:
        return bool(session.has_revoked_key)
    return Credential.objects.filter(pk__in=session.host_keys, revoked_at__isnull=False).exists()
