"""Regular expressions of policies: RE2 only, so that no text can make one slow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import re2

LONGEST_PATTERN = 200
_PROGRAM_BYTES = 1 << 20

Occurs: TypeAlias = Callable[[str], bool | None]


def compile_pattern(text: str, *, folds: bool = False) -> Occurs | None:
    """A search for `text`, or None where it is too long or RE2 refuses it (back-references, look-around, size).

    The search tells whether the pattern occurs anywhere, with `folds` regardless of case; None for a string that isn't
    Unicode text (lone surrogates).
    """
    return _compiled(text, folds=folds) if len(text) <= LONGEST_PATTERN else None


def compile_glob(text: str, *, wildcards: tuple[tuple[str, str], ...]) -> Occurs | None:
    """A test whether `text` describes a string as a whole; None where RE2 refuses it.

    `wildcards` are the pieces that don't stand for themselves, longest first, each with its regular expression.
    """
    return _compiled(rf"(?s)\A{_translated(text, wildcards=wildcards)}\z", folds=False)


def finder(pattern: str) -> Callable[[bytes], Iterator[tuple[int, int]]]:
    """Where the engine's own `pattern` occurs in UTF-8 bytes, as start and end; matches don't overlap."""
    compiled = re2.compile(pattern, _options(folds=False))

    def find(text: bytes) -> Iterator[tuple[int, int]]:
        return (found.span() for found in compiled.finditer(text))

    return find


def placer(pattern: str, *, groups: int) -> Callable[[bytes], Iterator[tuple[tuple[int, int], ...]]]:
    """Where the `groups` groups of the engine's own `pattern` lie, wherever it occurs in UTF-8 bytes."""
    compiled = re2.compile(pattern, _options(folds=False))

    def find(text: bytes) -> Iterator[tuple[tuple[int, int], ...]]:
        return (tuple(found.span(number + 1) for number in range(groups)) for found in compiled.finditer(text))

    return find


def searcher(pattern: str) -> Callable[[bytes], bool]:
    """Whether the engine's own `pattern` occurs in UTF-8 bytes."""
    search = re2.compile(pattern, _options(folds=False)).search
    return lambda text: search(text) is not None


def sifter(patterns: Sequence[str]) -> Callable[[bytes], frozenset[int]]:
    """Which of the engine's own `patterns` occur in UTF-8 bytes, by position, found in one pass over them.

    A text that the library gives up on has them all, so that nothing goes unseen.
    """
    everything = frozenset(range(len(patterns)))
    sieve = re2.Set.SearchSet(_options(folds=False))
    for pattern in patterns:
        sieve.Add(pattern)
    # The empty pattern occurs in every text; where it is missing, the library gave up without a word.
    always = sieve.Add("")
    sieve.Compile()

    def sift(text: bytes) -> frozenset[int]:
        found = frozenset(sieve.Match(text))
        return found & everything if always in found else everything

    return sift


def _compiled(expression: str, *, folds: bool) -> Occurs | None:
    try:
        search = re2.compile(expression, _options(folds=folds)).search
    except (re2.error, UnicodeEncodeError):
        return None

    def occurs(value: str) -> bool | None:
        try:
            # Bytes spare the library from reckoning where in the text a match lies, which nobody asks.
            return search(value.encode()) is not None
        except UnicodeEncodeError:
            return None

    return occurs


def _translated(text: str, *, wildcards: tuple[tuple[str, str], ...]) -> str:
    expression, position = [], 0
    while position < len(text):
        found = next((pair for pair in wildcards if text.startswith(pair[0], position)), None)
        piece, meaning = found or (text[position], re2.escape(text[position]))
        expression.append(meaning)
        position += len(piece)
    return "".join(expression)


def _options(*, folds: bool) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PROGRAM_BYTES
    options.case_sensitive = not folds
    return options
