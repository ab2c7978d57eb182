"""Places that are reached over HTTP: how they are named, how long we wait, and which refusals are final."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx

from receipts.anchors.base import AnchorError

TIMEOUT_SECONDS = 10.0
MAX_ANSWER_LENGTH = 1024 * 1024

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# Their senders say themselves that a later try may go better.
_PASSING = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and at most `MAX_ANSWER_LENGTH` bytes."""

    status: int
    content: bytes


def split_uri(uri: str, *, known: frozenset[str]) -> tuple[str, dict[str, str]]:
    """`kind:URL#name=value&…`: the URL, and our own options, which are never sent.

    Raises AnchorError for an unknown option, and for an address over which anybody could listen.
    """
    url, _, fragment = uri.partition(":")[2].partition("#")
    pairs = [part.partition("=") for part in fragment.split("&") if part]
    options = {name: unquote(value) for name, _, value in pairs}
    parts = urlsplit(url)
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
        raise AnchorError("The address of an outside copy does not begin with https://.", permanent=True)
    if not set(options) <= known:
        raise AnchorError(f"An outside copy of this kind takes only {', '.join(sorted(known))}.", permanent=True)
    return url, options


def post(url: str, *, content: bytes, headers: Mapping[str, str]) -> Answer:
    """Sends it and reads the answer, whatever its status; no redirect is followed. Raises AnchorError."""
    try:
        with httpx.stream(
            "POST", url, content=content, headers=dict(headers), timeout=TIMEOUT_SECONDS, follow_redirects=False
        ) as answer:
            found = bytearray()
            for part in answer.iter_bytes():
                found += part
                if len(found) > MAX_ANSWER_LENGTH:
                    raise AnchorError("The answer is too long.")
            return Answer(answer.status_code, bytes(found))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise AnchorError(f"There is no answer ({type(error).__name__}).") from error


def require_success(answer: Answer) -> bytes:
    """The content of an answer that says yes. Raises AnchorError, permanent where another try would end the same."""
    if 200 <= answer.status < 300:
        return answer.content
    is_final = answer.status < 500 and answer.status not in _PASSING
    raise AnchorError(f"The answer is {answer.status}.", permanent=is_final)
