"""What in an HTTP request lets its sender in. It is no part of the action and has no business in a record of it."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

HEADER_WORDS = (
    "auth", "authorization", "cookie", "token", "secret", "password", "credential", "api-key", "apikey", "access-key",
)  # fmt: skip
"""A header with one of these between its hyphens."""
FIELDS = (
    "access_token", "api_key", "apikey", "auth_token", "client_secret", "id_token", "password", "refresh_token",
    "secret", "sig", "token", "X-Amz-Security-Token", "X-Amz-Signature", "X-Goog-Signature",
)  # fmt: skip
"""Fields of a query, in any case and with hyphens, underscores or neither."""
MASK = "***"
_HEADER = re.compile(rf"(?:^|-)(?:{'|'.join(HEADER_WORDS)})(?:$|-)")


def _bare(name: str) -> str:
    return re.sub(r"[-_]", "", name).lower()


_FIELDS = frozenset(map(_bare, FIELDS))


def is_credential(header: str) -> bool:
    """Whether a header, in lower case, lets the sender in."""
    return _HEADER.search(header.replace("_", "-")) is not None


def masked(query: str) -> tuple[str, frozenset[str]]:
    """A query with a mask in the place of what lets the sender in, and the names that this stood under.

    What is masked is the same when it is masked again.
    """
    named: set[str] = set()

    def mask(field: str) -> str:
        name, _, _ = field.partition("=")
        if _bare(unquote_plus(name)) not in _FIELDS:
            return field
        named.add(unquote_plus(name))
        return f"{name}={MASK}"

    return "&".join(map(mask, query.split("&"))), frozenset(named)
