"""What a command line comes to: commands, files that input or output goes to, and what is in doubt."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.tokens import Word

# A program found in one of these is the one that its bare name stands for.
_SYSTEM = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"})
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:\[.*\])?)\+?=", re.ASCII | re.DOTALL)
# They change what is printed and how, and nothing about what is done.
HARMLESS_VARIABLES = frozenset({"LANG", "LC_ALL", "TZ", "TERM", "CI", "NO_COLOR"})


@dataclass(frozen=True, slots=True)
class Command:
    """One command that might run. `arguments` is None where any of them is not known before it does.

    `only_runs`: it does nothing by itself but run others, which are commands of their own.
    """

    program: str
    arguments: tuple[str, ...] | None
    only_runs: bool = False


@dataclass(frozen=True, slots=True)
class Redirection:
    """A file that is read, written or appended to; `path` is None where it is not known before."""

    kind: str
    path: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that a command line might do, in reading order, and what is in doubt."""

    steps: tuple[Command | Redirection, ...]
    doubts: frozenset[Doubt]


def together(found: Iterable[Found]) -> Found:
    """All of it, in this order."""
    found = [*found]
    steps = tuple(step for each in found for step in each.steps)
    return Found(steps, frozenset[Doubt]().union(*(each.doubts for each in found)))


def in_doubt(doubt: Doubt) -> Found:
    """Nothing that could be read."""
    return Found((), frozenset({doubt}))


def sets_harmful(names: Iterable[str]) -> bool:
    """Whether one of these variables may change what a program does."""
    return any(name not in HARMLESS_VARIABLES for name in names)


def without_assignments(words: Sequence[Word]) -> tuple[Sequence[Word], frozenset[Doubt]]:
    """The words after `NAME=value`, and what is in doubt about those."""
    names = []
    for word in words:
        assigned = _ASSIGNMENT.match(word.raw)
        if assigned is None:
            break
        names.append(assigned[1])
    doubts = frozenset({Doubt.VARIABLE} if sets_harmful(names) else set[Doubt]())
    return words[len(names) :], doubts


def command_of(words: Sequence[Word]) -> Command:
    """The program that these words name, and its arguments. The first word is known."""
    program = words[0].text or ""
    texts = [word.text for word in words[1:]]
    known = [text for text in texts if text is not None]
    return Command(_named(program), tuple(known) if len(known) == len(texts) else None)


def _named(program: str) -> str:
    """A program of the system by its name, in lower case as some file systems take it; any other by its path."""
    if "/" not in program:
        return program.lower()
    # Two slashes at the beginning are as good as one here, whatever else they may mean elsewhere.
    path = re.sub("^//+", "/", posixpath.normpath(program))
    folder, name = posixpath.split(path)
    if folder in _SYSTEM:
        return name.lower()
    return path if path.startswith(("/", "../")) else f"./{path}"


def script_file(words: Sequence[Word]) -> Command:
    """A file that a shell runs is the program; without a folder it is one of the present folder."""
    command, path = command_of(words), words[0].text or ""
    return command if "/" in path else replace(command, program=f"./{path}")
