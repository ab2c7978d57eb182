"""How far an action is from what was asked for: 1 − the cosine of what both say, by words and groups of three letters.

An estimate and never a judgement: it sees letters and no meaning. What an honest agent calls by other words is far, and
whoever writes parameters can repeat the request in them. So the name of the tool, which no agent invents, weighs as
much as all parameters together. Total; the work is bounded however large the action is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from math import sqrt

from decisions.engine.action import Action
from decisions.engine.folding import fold
from receipts.signing.canonical import JSON

UNIT = 1_000_000
"""The distance of what has nothing in common. Whole numbers come out alike on every machine."""
MAX_TEXT = 2048
MAX_VALUE = 256
MAX_PASSAGES = 16
_FEWEST_WORDS = 3

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PASSAGE_END = re.compile(r"[.!?;](?=\s)|[\n\u3002\uff01\uff1f]")

_Features = frozenset[str]
Passages = tuple[_Features, ...]
"""A request, as it is compared."""


@dataclass(frozen=True, slots=True)
class Said:
    """An action, as it is compared: what its name says, and what its parameters say."""

    name: _Features
    parameters: _Features


def distance(passages: Passages, *, said: Said) -> int | None:
    """From 0 (says the same) to `UNIT`; None where the request says nothing in words.

    What is nearest among the request's passages and all of it counts: one action does one part of a task.
    """
    if not passages:
        return None
    nearest = max(_cosine(passage, said=said) for passage in passages)
    return UNIT - min(int(nearest * UNIT + 0.5), UNIT)


def said_by(action: Action) -> Said:
    """Of the parameters `MAX_TEXT` characters are read, `MAX_VALUE` of each value."""
    return Said(
        name=_features(_words(f"{action.tool} {action.operation}")),
        parameters=_features(_words(" ".join(_texts(dict(action.parameters))))),
    )


def passages_of(request: str) -> Passages:
    """All of the request, and those of its sentences and lines that say more than a word or two.

    The first `MAX_TEXT` characters are read.
    """
    parts = [_words(part) for part in _PASSAGE_END.split(request[:MAX_TEXT], maxsplit=MAX_PASSAGES)]
    said = [(_features(words), len(words)) for words in parts if words]
    whole = frozenset[str]().union(*(features for features, _ in said))
    return (whole, *(features for features, count in said if count >= _FEWEST_WORDS)) if whole else ()


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(_HUMP.sub(" ", text))[:MAX_TEXT])


def _features(words: Sequence[str]) -> _Features:
    """The words and the groups of three letters in them, each once: saying a thing again adds next to nothing."""
    text = f" {' '.join(words)} "
    return frozenset(words).union(map("".join, zip(text, text[1:], text[2:], strict=False))) if words else frozenset()


def _cosine(passage: _Features, *, said: Said) -> float:
    """Of a passage's vector and the sum of two of length 1: that of the name, and that of what parameters say."""
    parts = [part for part in (said.name, said.parameters) if part]
    if not parts:
        return 0.0
    along = sum(len(passage & part) / sqrt(len(part)) for part in parts)
    overlap = len(said.name & said.parameters) / sqrt(len(parts[0]) * len(parts[1])) if len(parts) > 1 else 0.0
    return along / sqrt(len(passage) * (len(parts) + 2 * overlap))


def _texts(value: JSON) -> Iterator[str]:
    """The values within `value`, until enough is read."""
    left = MAX_TEXT
    for item in islice(_items(value), MAX_TEXT):
        text = _text(item)[: min(left, MAX_VALUE)]
        left -= len(text)
        yield text


def _items(value: JSON) -> Iterator[JSON]:
    """The value and everything within it, in the order of the members' names."""
    waiting: list[Iterator[JSON]] = [iter([value])]
    while waiting:
        for item in waiting[-1]:
            yield item
            if isinstance(item, (dict, list)):
                waiting.append(_members(item))
                break
        else:
            waiting.pop()


def _members(value: dict[str, JSON] | list[JSON]) -> Iterator[JSON]:
    return iter(value) if isinstance(value, list) else (value[name] for name in nsmallest(MAX_TEXT, value))


def _text(value: JSON) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (bool, dict, list)):
        return ""
    # 3 and 3.0 are one number in JSON.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
