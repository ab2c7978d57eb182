"""Regular expressions of policies: RE2 only, so that no text can make one slow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import re2

LONGEST_PATTERN = 200
_PROGRAM_BYTES = 1 << 20


def compile_pattern(text: str) -> Callable[[str], bool | None] | None:
    """A search for `text`, or None where it is too long or RE2 refuses it (back-references, look-around, size).

    The search tells whether the pattern occurs anywhere; None for a string that isn't Unicode text (lone surrogates).
    """
    if len(text) > LONGEST_PATTERN:
        return None
    try:
        search = re2.compile(text, _options()).search
    except (re2.error, UnicodeEncodeError):
        return None

    def occurs(value: str) -> bool | None:
        try:
            return search(value) is not None
        except UnicodeEncodeError:
            return None

    return occurs


def finder(pattern: str) -> Callable[[bytes], Iterator[tuple[int, int]]]:
    """Where the engine's own `pattern` occurs in UTF-8 bytes, as start and end; matches don't overlap."""
    compiled = re2.compile(pattern, _options())

    def find(text: bytes) -> Iterator[tuple[int, int]]:
        return (found.span() for found in compiled.finditer(text))

    return find


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PROGRAM_BYTES
    return options
