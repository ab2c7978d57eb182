"""Private keys in the forms that tools keep them in."""

from __future__ import annotations

from decisions.engine.patterns import searcher

# The name of a key's block is no key, so something long must follow it: in PEM the key itself, in base 64.
SIGN = r"PRIVATE KEY|AGE-SECRET-KEY-1|PuTTY-User-Key-File|\"?kty\"?"
_BLOCK = searcher(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:\\[nr]|[\s\"',+]|[A-Za-z-]+: [^\n\\]*)*[A-Za-z0-9+/=]{40,}"
)
_AGE = searcher(r"\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b")
_PUTTY = searcher(r"PuTTY-User-Key-File-[23]:[\s\S]*Private-Lines: [0-9]+")
_JSON_WEB_KEY = searcher(
    r"\bkty\b[\s\S]*\"?\bd\"?: ?\"?[A-Za-z0-9_-]{40,}|\bd\"?: ?\"?[A-Za-z0-9_-]{40,}[\s\S]*\bkty\b"
)


def private_key_occurs(text: bytes) -> bool:
    """Whether a private key stands in `text`."""
    return _BLOCK(text) or _AGE(text) or _PUTTY(text) or _JSON_WEB_KEY(text)
