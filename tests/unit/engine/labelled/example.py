"""What an example is, and how values stand in what tools put out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

PII, PHI, PCI, SECRET = frozenset({"PII"}), frozenset({"PHI", "PII"}), frozenset({"PCI", "PII"}), frozenset({"SECRET"})
NOTHING = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the kinds of data that it holds, and, where it was made to hold one, what was put into it."""

    text: str
    kinds: frozenset[str]
    about: str = ""


def letters(random: Random, alphabet: str, count: int) -> str:
    """`count` letters drawn from `alphabet`."""
    return "".join(random.choice(alphabet) for _ in range(count))


def made(
    random: Random,
    *,
    about: str,
    kinds: frozenset[str],
    count: int,
    value: Callable[[Random], str],
    frames: Iterable[str],
) -> Iterator[Example]:
    """`count` examples: a new value each, in one of `frames`, where `@` stands for the value."""
    places = tuple(frames)
    for _ in range(count):
        yield Example(random.choice(places).replace("@", value(random)), kinds, about)
