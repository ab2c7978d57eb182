"""Comparing words as a reader would: without regard to case, width or composition (NFKC, then case folding)."""

from __future__ import annotations

from unicodedata import normalize


def fold(text: str) -> str:
    """The form under which spellings of one word are equal: `Prod`, `prod` and full-width `ｐｒｏｄ`; `straße`, `STRASSE`."""
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", text).casefold())
