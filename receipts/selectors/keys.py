"""Which key signs now, and all that ever did."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import connection

from receipts.models import PublishedKey
from receipts.signers import Keyring, open_keyring
from receipts.signers.errors import KeyMissingError
from receipts.signing.checkpoint import Checkpoint as Said
from receipts.signing.checkpoint import read_checkpoint, verify_checkpoint
from receipts.signing.errors import UntrustedKeyError
from receipts.signing.keys import KeySet
from receipts.signing.times import format_time

# The newest key that has not ended. One rule in one place: what issues receipts reads it along with the chain's row.
ACTIVE_KEY = (
    "(SELECT key_id FROM receipts_publishedkey WHERE retired_at IS NULL AND revoked_at IS NULL "
    "ORDER BY created_at DESC, key_id DESC LIMIT 1)"
)


def active_key_id() -> str | None:
    """The id of the key that signs now; None before the first one is published."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {ACTIVE_KEY}")
        found: str | None = cursor.fetchone()[0]
    return found


def own_keyring() -> Keyring:
    """Where this installation's private keys are. Raises SignerError."""
    uri = settings.AARM_SIGNER or f"file:{settings.AARM_SIGNING_KEY_PATH}"
    return open_keyring(uri, secret=settings.AARM_SIGNER_PASSPHRASE)


def is_in_ring(key_id: str) -> bool:
    """Whether this host holds the private half. Raises SignerError where nobody can say."""
    try:
        own_keyring().load(key_id)
    except KeyMissingError:
        return False
    return True


def published_keys() -> list[PublishedKey]:
    """All keys, the oldest first."""
    return list(PublishedKey.objects.order_by("created_at", "key_id"))


def _entry(row: PublishedKey) -> dict[str, object]:
    ended = {"retired_at": row.retired_at, "revoked_at": row.revoked_at}
    return {**row.jwk, **{name: format_time(moment) for name, moment in ended.items() if moment is not None}}


def own_keys() -> KeySet:
    """Every key that was ever published, as if none had ended.

    For what this installation stored itself: a key that was revoked since had signed that by right, if it lies in the
    log before that. Where it lies is for the caller to compare: see `signature_fault`, `verify_own_checkpoint`.
    """
    return KeySet.from_jwks({"keys": [row.jwk for row in published_keys()]})


def verify_own_checkpoint(note: str, *, rows: Sequence[PublishedKey]) -> Said:
    """What a checkpoint says that one of our keys signed before it was revoked. Raises VerificationError.

    An outsider believes a revoked key no checkpoint, because its thief can state any time and size. We compare each
    with our own tree, so that one of before can be believed: it must not cover what came after the key's end.
    """
    said = read_checkpoint(note)
    by_right = [row.jwk for row in rows if row.revoked_at is None or _is_before_end(said, row=row)]
    if not by_right:
        raise UntrustedKeyError("All keys of this installation had been revoked before this checkpoint.")
    return verify_checkpoint(note, keys=KeySet.from_jwks({"keys": by_right}))


def _is_before_end(said: Said, *, row: PublishedKey) -> bool:
    assert row.revoked_at is not None
    return said.signed_at <= row.revoked_at and said.size <= int(row.jwk.get("revoked_size", 0))


def published_jwks() -> dict[str, object]:
    """The public keys, also retired and revoked ones, as a JWK set."""
    return {"keys": [_entry(row) for row in published_keys()]}
