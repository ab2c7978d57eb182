"""What a command line is read into, and how far the reading has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from decisions.intake.shell.doubts import Doubt


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `text` is what it comes to, None where that is computed; `raw` is how it is written."""

    text: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class Operator:
    """What separates commands or redirects them; a line's end is `;`."""

    text: str


Token: TypeAlias = Word | Operator


@dataclass(frozen=True, slots=True)
class Tokens:
    """The line itself and each command line inside it, outermost first, and what is in doubt."""

    lists: tuple[tuple[Token, ...], ...]
    doubts: frozenset[Doubt]


@dataclass(slots=True)
class Document:
    """A here-document that is still to come: its text begins on the next line."""

    end: str
    is_literal: bool
    strips_tabs: bool


@dataclass(slots=True)
class Scanner:
    """How far the reading has come, and what it has found so far."""

    text: str
    at: int = 0
    depth: int = 0
    lists: list[list[Token]] = field(default_factory=list)
    doubts: set[Doubt] = field(default_factory=set)
    documents: list[Document] = field(default_factory=list)

    def give_up(self, doubt: Doubt) -> None:
        self.doubts.add(doubt)
        self.at = len(self.text)

    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def starts(self, text: str) -> bool:
        return self.text.startswith(text, self.at)
