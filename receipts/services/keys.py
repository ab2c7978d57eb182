"""The signing key: one PEM file that only its owner may read, loaded once a process and published for verifiers."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from receipts.clock import database_now
from receipts.identifiers import new_seed
from receipts.models import PublishedKey
from receipts.problems import ProblemError
from receipts.signing.errors import SigningError
from receipts.signing.keys import Signer, SigningKey


def unavailable(why: str) -> ProblemError:
    """503: nothing can be signed now, and so nothing be allowed."""
    return ProblemError(
        "signing_unavailable",
        status=503,
        why=why,
        fix="Restore the file that AARM_SIGNING_KEY_FILE names; until then nothing is allowed.",
    )


@lru_cache(maxsize=4)
def _loaded(path: str, modified_ns: int) -> SigningKey:
    return SigningKey.from_pem(Path(path).read_bytes())


def current_signer() -> Signer:
    """The key that signs now. A missing or broken file means that no receipt and so no ALLOW can be given (FLT-30)."""
    path = Path(settings.AARM_SIGNING_KEY_PATH)
    try:
        return _loaded(str(path), path.stat().st_mtime_ns)
    except (OSError, ValueError, SigningError) as error:
        raise unavailable("The signing key can't be read.") from error


def ensure_signing_key() -> str:
    """Creates the key file (0600) if there is none, publishes its public half, and returns the key id."""
    path = Path(settings.AARM_SIGNING_KEY_PATH)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return publish_key(current_signer())
    with os.fdopen(handle, "wb") as file:
        file.write(SigningKey.from_seed(new_seed()).to_pem())
    return publish_key(current_signer())


def publish_key(signer: Signer) -> str:
    """Records the public half, once."""
    at = database_now()
    jwk = signer.public_jwk(created_at=at)
    PublishedKey.objects.bulk_create(
        [PublishedKey(key_id=signer.key_id, jwk=jwk, created_at=at)], ignore_conflicts=True
    )
    return signer.key_id
