"""Asking the issuer whether a token still holds (RFC 7662), at most once in `REMEMBERED_SECONDS` by each process.

Only what holds is remembered. Where no answer comes the token is not taken.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

import structlog
from django.conf import settings

from decisions.intake.tokens import invalid
from decisions.models import Issuer
from decisions.services.tokens.fetching import FetchError, fetch_object
from receipts.problems import ProblemError
from receipts.signing.canonical import sha256_digest

log = structlog.get_logger(__name__)
# A revocation holds within 5 seconds; the answer itself takes a moment.
REMEMBERED_SECONDS = 4.0
MOST_REMEMBERED = 10_000

_held: OrderedDict[tuple[str, str], float] = OrderedDict()
_lock = Lock()


def forget_answers() -> None:
    """As a process that has just begun."""
    with _lock:
        _held.clear()


def check_active(token: str, *, issuer: Issuer) -> None:
    """Raises IntakeError `unauthenticated` for one that was revoked, and `unavailable` where nobody answers."""
    if not issuer.introspection_url:
        return
    name = (issuer.pk, sha256_digest(token.encode()))
    now = time.monotonic()
    with _lock:
        if now - _held.get(name, float("-inf")) < REMEMBERED_SECONDS:
            return
    if not _is_active(token, issuer=issuer):
        raise invalid("The issuer says that the token holds no longer.", param="token")
    with _lock:
        _held[name] = now
        _held.move_to_end(name)
        while len(_held) > MOST_REMEMBERED:
            _held.popitem(last=False)


def _is_active(token: str, *, issuer: Issuer) -> bool:
    secret = settings.AARM_INTROSPECTION_SECRETS.get(issuer.name, "")
    login = (issuer.introspection_client, secret)
    try:
        said = fetch_object(issuer.introspection_url, form={"token": token}, login=login)
    except FetchError as error:
        log.warning("introspection_failed", issuer_id=issuer.pk, error=str(error))
        raise ProblemError(
            "unavailable",
            status=503,
            why="The issuer of the token can't be asked whether it still holds.",
            fix="Try again, or have an administrator look at the issuer.",
            headers={"Retry-After": "5"},
        ) from None
    return said.get("active") is True
