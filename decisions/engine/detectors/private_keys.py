"""Private keys in the forms that tools keep them in."""

from __future__ import annotations

from collections.abc import Iterator

from decisions.engine.patterns import placer, searcher

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
# What of those forms is the key itself: whole lines of its code, so that no word of a sentence is taken for a part.
_PARTS = (
    placer(
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|[\s\"',+]|[A-Za-z-]+: [^\n\\]*)*"
        r"([A-Za-z0-9+/=]{40,}(?:(?:\\[nr]|[\s\"',+])+[A-Za-z0-9+/=]{40,})*)",
        groups=1,
    ),
    placer(r"\b(AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})\b", groups=1),
    placer(r"Private-Lines: [0-9]+((?:\s+[A-Za-z0-9+/=]{40,})+)", groups=1),
)
_OF_JSON_WEB_KEY = placer(r"\bd\"?: ?\"?([A-Za-z0-9_-]{40,})", groups=1)


def private_key_spans(text: bytes) -> Iterator[tuple[int, int]]:
    """Where what is secret of a private key stands. A last, short line of it stays to be seen."""
    parts = (*_PARTS, _OF_JSON_WEB_KEY) if _JSON_WEB_KEY(text) else _PARTS
    for part in parts:
        yield from (place for (place,) in part(text))


def private_key_occurs(text: bytes) -> bool:
    """Whether a private key stands in `text`."""
    return _BLOCK(text) or _AGE(text) or _PUTTY(text) or _JSON_WEB_KEY(text)
