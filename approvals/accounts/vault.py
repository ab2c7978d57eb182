"""Secrets of second factors, encrypted under the installation's secret key: a copy of the database alone is no use."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

from receipts.problems import ProblemError

PURPOSE = b"aarm second factors"


def _box(secret: str | bytes) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(force_bytes(secret))
    return Fernet(urlsafe_b64encode(key))


def _boxes() -> MultiFernet:
    return MultiFernet([_box(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def sealed(text: str) -> str:
    """`text` so that only this installation can read it."""
    return _boxes().encrypt(text.encode()).decode()


def unsealed(text: str) -> str:
    """What `sealed` was given. Never an empty stand-in: a secret that anybody can guess would be worse than none."""
    try:
        return _boxes().decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise ProblemError(
            "forbidden",
            status=403,
            why="Your second factor was stored under another secret key.",
            fix="An administrator can remove it, so that you set it up again.",
        ) from error
