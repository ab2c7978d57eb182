"""Comparing words as a reader would: without regard to case, width or composition (NFKC, then case folding)."""

from __future__ import annotations

from unicodedata import normalize


def fold(text: str) -> str:
    """The form that all spellings of one word share: `Prod`, `prod` and `ｐｒｏｄ`; `straße` and `STRASSE`."""
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", text).casefold())
