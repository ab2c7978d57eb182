"""Asking an issuer over HTTP: over TLS, without redirects, within limits of time and size, and only for JSON objects.

FetchError: there is no answer that can be used
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from receipts.signing.canonical import JSON, StrictJSONError, load_strict

TIMEOUT_SECONDS = 3.0
# Of the whole answer, however slowly it comes.
LONGEST_SECONDS = 6.0
MAX_LENGTH = 256 * 1024
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# An answer that was squeezed could be larger than its length says.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class FetchError(Exception):
    """An issuer gave no answer that can be used. The words are ours, of what it said there is at most a status."""


def is_safe_url(url: str) -> bool:
    """Whether it leads over TLS, or to this machine, and carries no credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    return is_private and bool(parts.hostname) and not parts.username and not parts.fragment and port != 0


def fetch_object(
    url: str, *, form: Mapping[str, str] | None = None, login: tuple[str, str] | None = None
) -> dict[str, JSON]:
    """The JSON object at `url`, or the one that `form` is answered with. Raises FetchError."""
    if not is_safe_url(url):
        raise FetchError("The address does not begin with https://.")
    try:
        content = _read(url, form=form, login=login)
        value = load_strict(content)
    except (httpx.HTTPError, httpx.InvalidURL, StrictJSONError) as error:
        raise FetchError(f"There is no usable answer ({type(error).__name__}).") from error
    if not isinstance(value, dict):
        raise FetchError("The answer is no object.")
    return value


def _read(url: str, *, form: Mapping[str, str] | None, login: tuple[str, str] | None) -> bytes:
    deadline = time.monotonic() + LONGEST_SECONDS
    auth = httpx.BasicAuth(*login) if login else None
    method = "GET" if form is None else "POST"
    with httpx.stream(
        method, url, data=form, auth=auth, headers=_HEADERS, timeout=TIMEOUT_SECONDS, follow_redirects=False
    ) as answer:
        if answer.status_code != httpx.codes.OK:
            raise FetchError(f"The answer is {answer.status_code}.")
        found = bytearray()
        for part in answer.iter_raw():
            found += part
            if len(found) > MAX_LENGTH or time.monotonic() > deadline:
                raise FetchError("The answer is too long.")
        return bytes(found)
