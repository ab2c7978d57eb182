"""The keys that issuers sign with: fetched from where they publish them, remembered by each process, and let go.

A key that an issuer no longer publishes is believed for `FRESH_SECONDS` more at most. While an issuer can't be reached
its last keys hold for `STALE_SECONDS`, then nothing of it is believed. A token that names an unknown key, or names none
and doesn't fit, makes us look again, but not more often than every `LOOK_AGAIN_SECONDS`: strangers can't make us ask an
issuer as often as they like.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from decisions.intake.tokens import Unverified, invalid
from decisions.models import Issuer
from decisions.services.tokens.fetching import FetchError, fetch_object
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON

log = structlog.get_logger(__name__)
FRESH_SECONDS = 300.0
STALE_SECONDS = 3600.0
LOOK_AGAIN_SECONDS = 10.0
SHORTEST_RSA_BITS = 2048
DISCOVERY = "/.well-known/openid-configuration"

Key = RSAKey | ECKey | OKPKey


class _Registry(jws.JWSRegistry):
    """Headers may carry certificates, and members that mean nothing to us."""

    max_header_length = 16 * 1024


@dataclass(slots=True)
class _Remembered:
    """What is known of one issuer's keys. Times are this process's own, in seconds."""

    keys: tuple[Key, ...] = ()
    fetched_at: float = float("-inf")
    tried_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


_remembered: dict[tuple[str, str, str], _Remembered] = {}


def forget_keys() -> None:
    """As a process that has just begun."""
    _remembered.clear()


def check_signature(token: str, *, found: Unverified, issuer: Issuer) -> None:
    """Raises IntakeError `unauthenticated`, and `unavailable` where the issuer's keys can't be had."""
    known = _remembered.setdefault((issuer.pk, issuer.url, issuer.jwks_url), _Remembered())
    if _fits(token, key=_key_for(found, known=known, issuer=issuer), found=found):
        return
    if not found.key_id:
        # Of an issuer that names no keys, this alone tells that it has another one now.
        _look(known, issuer=issuer)
        if _fits(token, key=_key_for(found, known=known, issuer=issuer), found=found):
            return
    raise invalid("The token's signature does not fit.", param="signature")


def _fits(token: str, *, key: Key, found: Unverified) -> bool:
    registry = _Registry(algorithms=[found.algorithm], strict_check_header=False)
    try:
        jws.deserialize_compact(token, key, registry=registry)
    except JoseError:
        return False
    return True


def _key_for(found: Unverified, *, known: _Remembered, issuer: Issuer) -> Key:
    if time.monotonic() - known.fetched_at > FRESH_SECONDS:
        _look(known, issuer=issuer)
    key = _chosen(known.keys, found)
    if key is None:
        _look(known, issuer=issuer)
        key = _chosen(known.keys, found)
    if time.monotonic() - known.fetched_at > STALE_SECONDS:
        raise _unavailable()
    if key is None:
        raise invalid("The issuer publishes no such key.", param="kid")
    return key


def _look(known: _Remembered, *, issuer: Issuer) -> None:
    """Fetches the keys, once for all threads that wait, and leaves them as they were where that fails."""
    with known.lock:
        if time.monotonic() - known.tried_at < LOOK_AGAIN_SECONDS:
            return
        known.tried_at = time.monotonic()
        try:
            known.keys = _published(issuer)
        except FetchError as error:
            log.warning("issuer_unreachable", issuer_id=issuer.pk, error=str(error))
            return
        known.fetched_at = time.monotonic()


def _published(issuer: Issuer) -> tuple[Key, ...]:
    url = issuer.jwks_url or _discovered(issuer)
    listed = fetch_object(url).get("keys")
    if not isinstance(listed, list):
        raise FetchError("The answer lists no keys.")
    return tuple(_usable(listed))


def _discovered(issuer: Issuer) -> str:
    document = fetch_object(issuer.url.rstrip("/") + DISCOVERY)
    url = document.get("jwks_uri")
    if document.get("issuer") != issuer.url or not isinstance(url, str):
        raise FetchError("The discovery document is another issuer's, or names no keys.")
    return url


_READERS: Mapping[str, Callable[[Any], Key]] = {
    "RSA": RSAKey.import_key,
    "EC": ECKey.import_key,
    "OKP": OKPKey.import_key,
}


def _usable(listed: Iterable[JSON]) -> Iterable[Key]:
    """The public keys that may sign. One that can't be read takes no other along."""
    for item in listed:
        if not isinstance(item, dict) or item.get("use", "sig") != "sig" or item.get("kty") not in _READERS:
            continue
        try:
            key = _READERS[str(item.get("kty"))](cast(Any, item))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if not isinstance(key, RSAKey) or key.public_key.key_size >= SHORTEST_RSA_BITS:
            yield key


_KINDS: dict[str, type[Key]] = {"R": RSAKey, "P": RSAKey, "Ed": OKPKey, "E": ECKey}


def _chosen(keys: Iterable[Key], found: Unverified) -> Key | None:
    """The key that the token names; where it names none, the only one that could have signed it."""
    kind = next(kind for prefix, kind in _KINDS.items() if found.algorithm.startswith(prefix))
    fitting = [key for key in keys if isinstance(key, kind) and key.get("alg", found.algorithm) == found.algorithm]
    if found.key_id:
        return next((key for key in fitting if key.get("kid") == found.key_id), None)
    return fitting[0] if len(fitting) == 1 else None


def _unavailable() -> ProblemError:
    return ProblemError(
        "unavailable",
        status=503,
        why="The issuer of the token can't be asked.",
        fix="Try again, or have an administrator look at the issuer.",
        headers={"Retry-After": "5"},
    )
