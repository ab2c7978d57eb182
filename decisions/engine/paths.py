"""File paths, read only where every program and file system would find the same file."""

from __future__ import annotations

import re
from typing import TypeAlias
from unicodedata import is_normalized

Parts: TypeAlias = tuple[str, ...]

LONGEST_PATH = 4096
# A backslash separates for some programs, a percent sign escapes, and a control character ends or hides the rest.
_DOUBTFUL = re.compile(r"[\\%\x00-\x1f\x7f-\x9f]")


def path_parts(text: str) -> Parts | None:
    """The names on an absolute path, `()` for the root, or None where `text` is none that is beyond doubt."""
    if not text.startswith("/") or len(text) > LONGEST_PATH or _DOUBTFUL.search(text):
        return None
    if not is_normalized("NFC", text):
        return None
    parts = tuple(text[1:].removesuffix("/").split("/"))
    if parts == ("",):
        return () if text == "/" else None
    return None if any(part in ("", ".", "..") for part in parts) else parts


def lies_within(parts: Parts, *, directory: Parts) -> bool:
    """Whether the path `parts` is `directory` or something below it."""
    return parts[: len(directory)] == directory
