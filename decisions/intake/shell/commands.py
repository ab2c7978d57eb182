"""From words and operators to simple commands: whatever might run is one, whether it then does or not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.tokens import Operator, Token, Word
from decisions.intake.shell.words import tokens_of

MOST_COMMANDS = 64
REDIRECTIONS = frozenset({"<", ">", ">>", "<>", "<&", ">&", ">|", "&>", "&>>", "<<<"})

_SEPARATORS = frozenset({";", "&", "&&", "|", "||", "|&"})
# Words that only say when the commands after them run; the strictest of all counts anyway.
_LEADING = frozenset({"if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "!"})
# As arguments they are words to most shells, and to some the end of the command.
_BRACES = frozenset({"{", "}"})
_CLOSING = frozenset({"fi", "done", "}"})
# One that neither a program nor a shell looks at: those are in capitals, name a proxy, or are one of zsh's own.
_LOOP_VARIABLE = re.compile(
    r"(?!.*(?:_proxy|path|argv|chars|aliases|functions|commands|builtins|options|parameters|modules|dirs|dirstack"
    r"|prompt|ignore|watch|auto_resume)$)[a-z_][a-z0-9_]*",
    re.ASCII,
)
_UNREAD = frozenset({"case", "esac", "select", "function", "coproc", "[[", "foreach", "always"})
# Words of the language; after a program that takes a command they are no program's name.
RESERVED = _LEADING | _UNREAD | {"for", "in"}
# What a shell that takes a text for an expression would run.
RUN_WITHIN = re.compile(r"\$\(|`")


@dataclass(frozen=True, slots=True)
class Simple:
    """One command: its words, the first of which is the program, and where its input and output go, in order."""

    words: tuple[Word, ...]
    redirections: tuple[tuple[str, Word], ...] = ()


@dataclass(slots=True)
class _Line:
    """What is being put together."""

    found: list[Simple] = field(default_factory=list)
    doubts: set[Doubt] = field(default_factory=set)
    words: list[Word] = field(default_factory=list)
    redirections: list[tuple[str, Word]] = field(default_factory=list)
    awaited: str = ""
    opened: int = 0
    has_closed: bool = False
    has_opened: bool = False
    is_split: bool = False

    def finish(self) -> None:
        if self.awaited:
            self.doubts.add(Doubt.CONSTRUCT)
        words = tuple(self.words)
        # What a loop goes over is no command; commands inside those words are lists of their own.
        if words and words[0].raw == "for":
            self.doubts |= _loop_doubts(words[1:])
        elif words or self.redirections:
            self.found.append(Simple(words, tuple(self.redirections)))
        self.words, self.redirections, self.awaited = [], [], ""
        self.has_closed = self.is_split = False


def _loop_doubts(words: tuple[Word, ...]) -> set[Doubt]:
    """What is in doubt about a loop over words: its variable, the words, and whether it has begun to run something."""
    doubts = set[Doubt]()
    if not words or _LOOP_VARIABLE.fullmatch(words[0].raw) is None:
        doubts.add(Doubt.VARIABLE)
    if len(words) > 1 and words[1].raw != "in":
        doubts.add(Doubt.CONSTRUCT)
    if any(word.text is not None and RUN_WITHIN.search(word.text) for word in words):
        doubts.add(Doubt.EXPANSION)
    return doubts


def simple_commands(script: str) -> tuple[tuple[Simple, ...], frozenset[Doubt]]:
    """Every simple command of a command line, also those inside others, and what is in doubt."""
    tokens = tokens_of(script)
    lines = [_read(each) for each in tokens.lists]
    found = tuple(simple for line in lines for simple in line.found)
    doubts = tokens.doubts.union(*(line.doubts for line in lines))
    if len(found) > MOST_COMMANDS:
        return found[:MOST_COMMANDS], doubts | {Doubt.TOO_LONG}
    return found, doubts


def _read(tokens: Iterable[Token]) -> _Line:
    line = _Line()
    for token in tokens:
        if isinstance(token, Operator):
            _operator(line, token.text)
        else:
            _word(line, token)
    line.finish()
    if line.opened:
        line.doubts.add(Doubt.UNCLOSED)
    return line


def _word(line: _Line, word: Word) -> None:
    line.has_opened = False
    if line.awaited:
        # To some shells a mark after the operator is a part of it.
        if word.raw.startswith("!"):
            line.doubts.add(Doubt.CONSTRUCT)
        line.redirections.append((line.awaited, word))
        line.awaited = ""
        return
    if not line.words and word.raw in _LEADING:
        line.has_closed = line.has_closed or word.raw in _CLOSING
        return
    if line.has_closed or line.is_split or word.raw in (_UNREAD if not line.words else _BRACES):
        line.doubts.add(Doubt.CONSTRUCT)
    line.words.append(word)


def _operator(line: _Line, text: str) -> None:
    if text in _SEPARATORS:
        line.finish()
    elif text in REDIRECTIONS:
        if line.awaited:
            line.doubts.add(Doubt.CONSTRUCT)
        line.awaited = text
        # To some shells a command ends here, and what follows is the next.
        line.is_split = line.is_split or text.startswith("&")
    elif text == "(":
        # After a word it would begin a function or an array, after another bracket arithmetic.
        if line.words or line.awaited or line.has_opened:
            line.doubts.add(Doubt.CONSTRUCT)
        line.finish()
        line.opened += 1
        line.has_opened = True
    elif text == ")" and line.opened:
        line.finish()
        line.opened -= 1
        line.has_closed = True
    else:
        line.doubts.add(Doubt.CONSTRUCT)
        line.finish()
