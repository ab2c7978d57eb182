"""The key that signs: the database says which one, the key ring that `AARM_SIGNER` names holds its private half."""

from __future__ import annotations

from pathlib import Path

from receipts.clock import database_now
from receipts.models import PublishedKey
from receipts.problems import ProblemError
from receipts.selectors.keys import active_key_id, own_keyring
from receipts.signers import Keyring, SignerError
from receipts.signing.jwk import History, jwk_of
from receipts.signing.keys import Signer


def unavailable(why: str) -> ProblemError:
    """503: nothing can be signed now, and so nothing be allowed."""
    return ProblemError(
        "signing_unavailable",
        status=503,
        why=why,
        fix="Restore what AARM_SIGNER or AARM_SIGNING_KEY_FILE names; until then nothing is allowed.",
    )


def keyring() -> Keyring:
    """Where this installation's private keys are. Raises `signing_unavailable`."""
    try:
        return own_keyring()
    except SignerError as error:
        raise unavailable(error.why) from error


def signer_of(key_id: str | None) -> Signer:
    """The published key of that id, ready to sign. Raises `signing_unavailable` (FLT-30)."""
    if key_id is None:
        raise unavailable("No signing key has been published here.")
    try:
        return keyring().load(key_id)
    except SignerError as error:
        raise unavailable(error.why) from error


def current_signer() -> Signer:
    """The key that signs now. Raises `signing_unavailable`."""
    return signer_of(active_key_id())


def signature_by(signer: Signer, *, message: bytes) -> bytes:
    """The 64-byte signature of `message`. Raises `signing_unavailable` if the signer fails, is late or is wrong."""
    try:
        return signer.sign(message)
    except SignerError as error:
        raise unavailable(error.why) from error


def key_files() -> list[Path]:
    """Files of this host that hold a private key. Raises `signing_unavailable`."""
    return keyring().files()


def ensure_signing_key() -> str:
    """The id of the key that signs now. Where none was ever published, one is, and made if need be.

    The first key leaves no receipt: it could only vouch for itself.
    """
    found = active_key_id()
    if found is not None:
        return signer_of(found).key_id
    try:
        signer = keyring().first()
    except SignerError as error:
        raise unavailable(error.why) from error
    publish_key(signer, history=History(database_now()))
    return signer_of(active_key_id()).key_id


def publish_key(signer: Signer, *, history: History) -> None:
    """Records the public half, once. The newest key is the one that signs."""
    row = PublishedKey(key_id=signer.key_id, jwk=jwk_of(signer.public, history=history), created_at=history.created_at)
    PublishedKey.objects.bulk_create([row], ignore_conflicts=True)
