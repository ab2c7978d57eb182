"""Where a parameter's text has stood before: in the user's words, in a model's, or in what a tool gave back.

Matched by text alone, in linear time. A mark is a hint for a reader, the absence of one proves nothing, and no rule
ever sees either: what went through a model can't be recognised by its letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from receipts.signing.canonical import JSON, canonical_bytes

LEAST_LETTERS = 4
"""A shorter text stands everywhere by chance."""
LEAST_DIGITS = 3
MOST_CHARACTERS = 65_536
"""Of each text, and of each value, so many are compared."""
MOST_VALUES = 40

_BLANKS = re.compile(r"\s+")


class Origin(StrEnum):
    """Who said it. Only the user's words are trusted, and they only where a host vouches for them."""

    REQUEST = "request"
    MODEL = "model"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said before the action, and with which entry of the session, from 1."""

    origin: Origin
    position: int
    text: str


def origins_of(parameters: Mapping[str, JSON], *, said: Iterable[Said]) -> tuple[dict[str, JSON], ...]:
    """For each top-level parameter that was found: `parameter`, `origin` and the entry's `position`.

    One that stands in the user's own words whole has that origin. Otherwise the earliest that has any part of it which
    the user didn't say: one recipient from a web page is what matters of three.
    """
    heard = [_Heard(each, _folded(each.text)) for each in sorted(said, key=lambda item: item.position)]
    found = ((name, _origin(value, heard=heard)) for name, value in sorted(parameters.items()))
    return tuple(
        {"parameter": name, "origin": said.origin.value, "position": said.position} for name, said in found if said
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    said: Said
    text: str


def _origin(value: JSON, *, heard: Sequence[_Heard]) -> Said | None:
    texts = list(_texts(value))
    asked = [each for each in heard if each.said.origin is Origin.REQUEST]
    others = [each for each in heard if each.said.origin is not Origin.REQUEST]
    in_request = [_first(text, heard=asked) for text in texts]
    elsewhere = [_first(text, heard=others) for text, own in zip(texts, in_request, strict=True) if own is None]
    foreign = [each for each in elsewhere if each is not None]
    if foreign:
        return min(foreign, key=lambda each: each.position)
    own = [each for each in in_request if each is not None]
    return own[0] if own and len(own) == len(texts) else None


def _first(text: str, *, heard: Sequence[_Heard]) -> Said | None:
    return next((each.said for each in heard if _stands_in(text, whole=each.text)), None)


def _stands_in(text: str, *, whole: str) -> bool:
    """As words of its own: `1000` doesn't stand in `21000`."""
    start = whole.find(text)
    while start >= 0:
        end = start + len(text)
        if not _goes_on(whole[start - 1 : start], text[0]) and not _goes_on(text[-1], whole[end : end + 1]):
            return True
        start = whole.find(text, end)
    return False


def _goes_on(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum()


def _texts(value: JSON) -> Iterator[str]:
    """The parts of a value that are long enough to be recognised, folded."""
    waiting, count = [value], 0
    while waiting and count < MOST_VALUES:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        else:
            text = _comparable(item)
            if text:
                count += 1
                yield text


def _comparable(item: JSON) -> str:
    if isinstance(item, str):
        text = _folded(item)
        return text if len(text) >= LEAST_LETTERS else ""
    if isinstance(item, bool) or item is None:
        return ""
    digits = canonical_bytes(item).decode()
    return digits if len(digits) >= LEAST_DIGITS else ""


def _folded(text: str) -> str:
    """Without differences of case, width and blanks."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).casefold()).strip()
