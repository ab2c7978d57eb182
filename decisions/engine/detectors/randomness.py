"""Whether a text looks drawn at random, as keys are, or written by people and programs, as names and examples are."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import log2

from decisions.engine.patterns import searcher

# What stands where a secret belongs: templates, variables, and words that say so.
_PLACEHOLDER = searcher(
    r"(?i)\*{3}|x{4}|\.{3}|…|[{][{]|[$][{(]|^[<\[{($%]|example|sample|placeholder|redacted|masked|hidden|dummy|change[_-]?me"
    r"|your[_-]|my[_-]?(?:pass|secret|token|key)|insert|not[_-]?(?:a|the)[_-]|test[_-]?(?:pass|secret|token|key)"
    r"|^(?:null|none|nil|true|false|undefined|required|optional|string|empty|unset|secret|password|token)$"
)
# Paths, addresses and calls, which tell where a secret is and not what it is.
_REFERENCE = searcher(
    r"^(?:[./~]+[a-z]|[a-zA-Z][a-zA-Z0-9+.-]*:(?://|[a-z])|[A-Za-z_][A-Za-z0-9_.]*\(|[A-Z]+(?:_[A-Z0-9]+)+$"
    r"|[A-Za-z_]+(?:\.[A-Za-z_]+)+[\[(]?$)"
)


def is_placeholder(value: bytes) -> bool:
    """Whether `value` stands for a secret and is none."""
    return len(set(value)) < 4 or _PLACEHOLDER(value)


def is_reference(value: bytes) -> bool:
    """Whether `value` names a place where a secret may be: a path, an address, a variable, a call."""
    return _REFERENCE(value)


def bits_per_character(value: bytes) -> float:
    """Shannon's entropy of the frequencies of the characters."""
    counts, length = Counter(value).values(), len(value)
    return -sum(count / length * log2(count / length) for count in counts)


def is_random(value: bytes, *, bits: float) -> bool:
    """Whether `value` has at least so much entropy and doesn't count up or down."""
    return bits_per_character(value) >= bits and not is_sequence(value)


def is_sequence(value: bytes) -> bool:
    """Whether most characters follow the one before them in the alphabet, as in `abcdef0123456789`."""
    steps = sum(1 for one, other in pairwise(value) if abs(other - one) <= 1)
    return steps * 2 > len(value)
