"""Words for a terminal: colours only where there is one, and no character from elsewhere that could steer it."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TextIO

from aarm.table import neutral

WIDTH = 300
INDENT = " " * 5
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34"}
COLOUR_OF = {"ALLOW": "green", "MODIFY": "blue", "STEP_UP": "yellow", "DEFER": "yellow", "DENY": "red"}


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where the story is told."""

    stream: TextIO
    is_coloured: bool

    def say(self, text: str = "", *, look: str = "") -> None:
        """A line of our own words, flushed: somebody is watching."""
        self.stream.write(self.painted(text, look=look) + "\n")
        self.stream.flush()

    def detail(self, word: str, text: str, *, look: str = "") -> None:
        """A line below a step: a word in a column of its own, and what there is to say."""
        self.say(f"{INDENT}{self.painted(word.ljust(9), look=look)}{neutral(text, width=WIDTH)}".rstrip())

    def painted(self, text: str, *, look: str) -> str:
        """The text in a colour, where there are colours."""
        return f"\x1b[{_CODES[look]}m{text}\x1b[0m" if look and self.is_coloured else text


def terminal_on(stream: TextIO) -> Terminal:
    """A terminal, or a plain file. A character that it lacks must not stop the story half-way."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return Terminal(stream, is_coloured=stream.isatty() and "NO_COLOR" not in os.environ)
