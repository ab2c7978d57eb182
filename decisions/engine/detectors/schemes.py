"""A scheme of numbers for people, and whether a number of it stands in a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from decisions.engine.patterns import finder, searcher

# How far before a number, on its line, the word may stand that introduces it.
REACH = 40
_SEPARATORS = b" -./"
_JOINING = b"-._"

Occurs: TypeAlias = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Scheme:
    """Numbers that look like `pattern` and of which `is_valid` says that they may be given to someone.

    `is_valid` is asked with separators taken out and letters in upper case. Where a number by itself says too little,
    `introduction` must occur before it on its line. `name` is the scheme's in findings and documents.
    """

    name: str
    pattern: str
    is_valid: Callable[[str], bool]
    introduction: str = ""
    occurs: Occurs = field(init=False, compare=False, repr=False)

    @property
    def sign(self) -> str:
        """What occurs in every text in which a number of the scheme can be found."""
        return self.introduction.removesuffix("$") or self.pattern

    def __post_init__(self) -> None:
        object.__setattr__(self, "occurs", _occurs_in(self))


def _occurs_in(scheme: Scheme) -> Occurs:
    find, is_valid = finder(scheme.pattern), scheme.is_valid
    if not scheme.introduction:
        return lambda text: any(is_valid(number) for _, number in _numbers(text, find=find))
    introduces = searcher(scheme.introduction)

    def occurs(text: bytes) -> bool:
        found = _numbers(text, find=find)
        return any(is_valid(number) and introduces(before(text, start=start)) for start, number in found)

    return occurs


def _numbers(text: bytes, *, find: Callable[[bytes], Iterator[tuple[int, int]]]) -> Iterator[tuple[int, str]]:
    for start, end in find(text):
        if stands_alone(text, start=start, end=end):
            yield start, text[start:end].translate(None, _SEPARATORS).decode("ascii").upper()


def before(text: bytes, *, start: int) -> bytes:
    """What stands before a place on its line, as far as an introduction may be away."""
    return text[max(start - REACH, 0) : start].rpartition(b"\n")[2]


def stands_alone(text: bytes, *, start: int, end: int) -> bool:
    """Whether no letter or digit, nor one behind a hyphen, dot or underscore, continues what lies between."""
    return not (_continues(text[max(start - 2, 0) : start][::-1]) or _continues(text[end : end + 2]))


def _continues(neighbours: bytes) -> bool:
    nearest, next_one = neighbours[:1], neighbours[1:]
    return nearest.isalnum() or nearest == b"_" or (nearest != b"" and nearest in _JOINING and next_one.isalnum())
