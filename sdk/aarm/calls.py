"""Requests, shaped but not sent: which method, path and body say what to the server. No network here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from aarm.canonical import encode
from aarm.errors import ConfigurationError

_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,200}")


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request.

    `accepts` are the only statuses that count as an answer. `hold_seconds` is how long the server may keep a long poll,
    on top of the client's time-out. `idempotency_key` makes repeating safe; without one only a GET may be repeated.
    """

    method: str
    path: str
    accepts: frozenset[int] = frozenset({200})
    body: bytes | None = field(default=None, repr=False)
    idempotency_key: str | None = None
    hold_seconds: float = 0.0

    @property
    def is_repeatable(self) -> bool:
        """May be sent again although the first one may have arrived."""
        return self.method == "GET" or self.idempotency_key is not None

    @property
    def headers(self) -> dict[str, str]:
        """What this call says beside the credentials."""
        named = {
            "Content-Type": "application/json" if self.body is not None else None,
            "Idempotency-Key": self.idempotency_key,
        }
        return {name: value for name, value in named.items() if value is not None}


DONE = frozenset({200, 201, 202, 204})
OPENED = frozenset({200, 201})
DECIDED = frozenset({200, 202})


def get(*path: str, accepts: frozenset[int] = frozenset({200}), hold_seconds: float = 0.0) -> Call:
    """A reading call below `/api/v1/`. `hold_seconds` above 0 asks for a long poll of as many whole seconds."""
    query = f"?wait={int(hold_seconds)}" if hold_seconds >= 1 else ""
    return Call(method="GET", path=_join(path) + query, accepts=accepts, hold_seconds=hold_seconds)


def post(
    *path: str, body: Mapping[str, object], accepts: frozenset[int] = DONE, idempotency_key: str | None = None
) -> Call:
    """A changing call below `/api/v1/`. Raises NotJsonError."""
    content = encode(dict(body), at="request")
    return Call(method="POST", path=_join(path), body=content, accepts=accepts, idempotency_key=idempotency_key)


def decide(body: Mapping[str, object], *, idempotency_key: str) -> Call:
    """The agents' door. Raises NotJsonError."""
    content = encode(dict(body), at="request")
    return Call(method="POST", path="/decide", body=content, accepts=DECIDED, idempotency_key=idempotency_key)


def is_id(text: str) -> bool:
    """Has the form of an id, so that it can stand in a path without naming another resource."""
    return _SEGMENT.fullmatch(text) is not None


def _join(path: tuple[str, ...]) -> str:
    for segment in path:
        if not is_id(segment):
            raise ConfigurationError(f"{segment!r} is not an id.", fix="Pass the id as the server gave it.")
    return "/".join(("/api/v1", *path))
