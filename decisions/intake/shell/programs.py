"""What a program runs: those that run another one are looked into, the rest are judged as what they are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from decisions.engine.metatools import Runner
from decisions.intake.shell.commands import Simple, simple_commands
from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.words import DEEPEST_NESTING, LONGEST_SCRIPT, Word

# A program found in one of these is the one that its bare name stands for.
_SYSTEM = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"})
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_SHELL_FLAGS = re.compile(r"-[abefhilmnuvxECHP]*", re.ASCII)
_SHELL_COMMAND = re.compile(r"-[abefhilmnuvxECHP]*c[abefhilmnuvxECHP]*", re.ASCII)
# Without a file to run these run their input.
_INTERPRETERS = re.compile(
    r"(?:python|pypy|perl|ruby|node|nodejs|deno|bun|php|lua|tclsh|pwsh|fish|csh|tcsh|osascript)[0-9.]*"
)
_CHANGES_SHELL = frozenset({
    "eval", ".", "source", "trap", "alias", "unalias", "hash", "enable", "shopt", "export", "declare", "typeset",
    "local", "readonly", "unset", "read", "mapfile", "readarray", "getopts", "let", "autoload", "zmodload",
})  # fmt: skip
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]]*\])?\+?=", re.ASCII)
# They change what is printed and how, and nothing about what is done.
HARMLESS_VARIABLES = frozenset({"LANG", "LC_ALL", "TZ", "TERM", "CI", "NO_COLOR", "COLUMNS", "LINES"})
_HARMLESS_SETTING = re.compile(r"[-+][eux]*o?|pipefail|errexit|nounset|xtrace")
_FIND_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})


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


_KINDS = {"<": "read", ">": "write", ">>": "append", "<>": "write", ">|": "write", "&>": "write", "&>>": "append",
          ">&": "write", "<&": "read"}  # fmt: skip
_NOWHERE = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin"})
_STREAM = re.compile(r"[0-9]*-?")


def read_script(script: str, *, runners: Mapping[str, Runner], depth: int = 0) -> Found:
    """What a command line might run. Pure and total; `runners` are the programs that run others, by name."""
    if depth > DEEPEST_NESTING:
        return Found((), frozenset({Doubt.TOO_LONG}))
    commands, doubts = simple_commands(script)
    found = [_of_simple(each, runners=runners, depth=depth) for each in commands]
    return _together([*found, Found((), doubts)])


def read_words(words: Sequence[str], *, runners: Mapping[str, Runner]) -> Found:
    """The same for a program and arguments that no shell has read."""
    if sum(map(len, words)) > LONGEST_SCRIPT:
        return Found((), frozenset({Doubt.TOO_LONG}))
    return _of_words([Word(each, each) for each in words], runners=runners, depth=0)


def sets_harmful(names: Iterator[str]) -> bool:
    """Whether one of these variables may change what a program does."""
    return any(name not in HARMLESS_VARIABLES for name in names)


def _together(found: Sequence[Found]) -> Found:
    steps = tuple(step for each in found for step in each.steps)
    return Found(steps, frozenset[Doubt]().union(*(each.doubts for each in found)))


def _doubt(doubt: Doubt) -> Found:
    return Found((), frozenset({doubt}))


def _of_simple(simple: Simple, *, runners: Mapping[str, Runner], depth: int) -> Found:
    files = tuple(
        Redirection(_KINDS[operator], target.text)
        for operator, target in simple.redirections
        if operator in _KINDS and not _goes_nowhere(operator, target)
    )
    return _together([_of_words(simple.words, runners=runners, depth=depth), Found(files, frozenset())])


def _goes_nowhere(operator: str, target: Word) -> bool:
    if target.text is None:
        return False
    return target.text in _NOWHERE or ("&" in operator[-1:] and _STREAM.fullmatch(target.text) is not None)


def _of_words(words: Sequence[Word], *, runners: Mapping[str, Runner], depth: int) -> Found:
    """A program with its arguments, and whatever it runs."""
    if depth > DEEPEST_NESTING:
        return _doubt(Doubt.TOO_LONG)
    rest, doubts = _without_assignments(words)
    if not rest:
        return Found((), doubts)
    if not rest[0].text:
        return Found((), doubts | {Doubt.COMPUTED})
    command = _command(rest)
    look = _looking_into(command.program, runners=runners)
    found = look(command, rest[1:], runners=runners, depth=depth + 1)
    return Found(found.steps, found.doubts | doubts)


def _without_assignments(words: Sequence[Word]) -> tuple[Sequence[Word], frozenset[Doubt]]:
    names = []
    for word in words:
        assigned = _ASSIGNMENT.match(word.raw)
        if assigned is None:
            break
        names.append(assigned[1])
    doubts = frozenset({Doubt.VARIABLE} if sets_harmful(iter(names)) else set[Doubt]())
    return words[len(names) :], doubts


def _command(words: Sequence[Word]) -> Command:
    program = words[0].text or ""
    texts = [word.text for word in words[1:]]
    known = [text for text in texts if text is not None]
    return Command(_named(program), tuple(known) if len(known) == len(texts) else None)


def _named(program: str) -> str:
    """A program of the system by its name, in lower case as some file systems take it; any other by its path."""
    if "/" not in program:
        return program.lower()
    path = posixpath.normpath(program)
    folder, name = posixpath.split(path)
    if folder in _SYSTEM:
        return name.lower()
    return path if path.startswith(("/", "../")) else f"./{path}"


_Look = Callable[..., Found]


def _looking_into(program: str, *, runners: Mapping[str, Runner]) -> _Look:
    """How to find what a program runs."""
    if program in _LOOKS:
        return _LOOKS[program]
    if program in _CHANGES_SHELL:
        return _changes_shell
    if program in runners:
        return partial(_runner, runner=runners[program])
    return _interpreter if _INTERPRETERS.fullmatch(program) else _plain


def _plain(command: Command, words: Sequence[Word], **_: object) -> Found:
    return Found((command,), frozenset())


def _changes_shell(command: Command, words: Sequence[Word], **_: object) -> Found:
    return Found((command,), frozenset({Doubt.CHANGES_SHELL}))


def _printf(command: Command, words: Sequence[Word], **_: object) -> Found:
    """It prints, or sets a variable."""
    sets = any(word.text is None or word.text.startswith("-v") for word in words[:1])
    return Found((command,), frozenset({Doubt.VARIABLE} if sets else set[Doubt]()))


def _set(command: Command, words: Sequence[Word], **_: object) -> Found:
    """Options that stop or print are harmless; others change what is run, or set arguments."""
    is_harmless = all(word.text is not None and _HARMLESS_SETTING.fullmatch(word.text) for word in words)
    return Found((command,), frozenset(set[Doubt]() if is_harmless else {Doubt.CHANGES_SHELL}))


def _interpreter(command: Command, words: Sequence[Word], **_: object) -> Found:
    """A program in some language: what it does is in its arguments, or in what it is sent."""
    is_sent = all(word.text is not None and word.text in ("", "-", "-s", "-u", "-i") for word in words)
    return Found((command,), frozenset({Doubt.RUNS_INPUT} if is_sent else set[Doubt]()))


def _shell(command: Command, words: Sequence[Word], *, runners: Mapping[str, Runner], depth: int) -> Found:
    """A shell runs the text after `-c`, a file, or what it is sent."""
    runs = Found((replace(command, only_runs=True),), frozenset())
    for number, word in enumerate(words):
        if word.text is None or word.text in ("", "-", "--"):
            return _together([runs, _doubt(Doubt.COMPUTED if word.text is None else Doubt.RUNS_INPUT)])
        if _SHELL_COMMAND.fullmatch(word.text):
            script = words[number + 1].text if number + 1 < len(words) else None
            inner = _doubt(Doubt.COMPUTED) if script is None else read_script(script, runners=runners, depth=depth)
            return _together([runs, inner])
        if number and _HARMLESS_SETTING.fullmatch(word.text):
            continue
        if not word.text.startswith(("-", "+")):
            return _together([runs, Found((_script_file(words[number:]),), frozenset())])
        if _SHELL_FLAGS.fullmatch(word.text) is None and _HARMLESS_SETTING.fullmatch(word.text) is None:
            return _together([runs, _doubt(Doubt.OPTION)])
    return _together([runs, _doubt(Doubt.RUNS_INPUT)])


def _script_file(words: Sequence[Word]) -> Command:
    """A file that a shell runs is the program; without a folder it is one of the present folder."""
    command, path = _command(words), words[0].text or ""
    return command if "/" in path else replace(command, program=f"./{path}")


def _find(command: Command, words: Sequence[Word], *, runners: Mapping[str, Runner], depth: int) -> Found:
    """It looks for files, and runs a command for each."""
    # What comes to several words may bring any option along.
    doubts = {Doubt.OPTION for word in words if word.text is None and not word.raw.startswith('"')}
    found = [Found((command,), frozenset(doubts))]
    for number, word in enumerate(words):
        if word.text in _FIND_RUNS:
            rest = words[number + 1 :]
            end = next((at for at, each in enumerate(rest) if each.text in (";", "+")), len(rest))
            found.append(_of_words([*rest[:end], _UNKNOWN], runners=runners, depth=depth))
    return _together(found)


# Stands for arguments that only come when the command runs.
_UNKNOWN = Word(None, "")


def _runner(
    command: Command, words: Sequence[Word], *, runners: Mapping[str, Runner], depth: int, runner: Runner
) -> Found:
    """A program of the table: its options, then the command that it runs."""
    start = _after_options(words, runner=runner)
    if any(word.text in runner.idle for word in words[:1]):
        return Found((command,), frozenset())
    if start is None:
        return Found((command,), frozenset({Doubt.OPTION}))
    rest = [*words[start:]]
    if runner.takes_assignments:
        kept, doubts = _without_assignments(rest)
        rest = [*kept]
    else:
        doubts = frozenset()
    rest = rest[runner.words :]
    if not rest:
        return Found((command,), doubts)
    if runner.adds_arguments:
        rest.append(_UNKNOWN)
    own = Found((replace(command, only_runs=runner.only_runs),), doubts)
    return _together([own, _of_words(rest, runners=runners, depth=depth)])


def _after_options(words: Sequence[Word], *, runner: Runner) -> int | None:
    """Where the options end; None if one of them is not known."""
    at = 0
    while at < len(words):
        text = words[at].text
        if text is None:
            return None
        if text == "--":
            return at + 1
        if not text.startswith("-") or text == "-":
            return at
        length = _option(text, runner=runner)
        if length is None:
            return None
        at += length
    return at


def _option(text: str, *, runner: Runner) -> int | None:
    """How many words an option takes; None for one that isn't known."""
    if text in runner.valued:
        return 2
    is_cluster = not text.startswith("--") and all(f"-{letter}" in runner.flags for letter in text[1:])
    name = text.partition("=")[0] if text.startswith("--") else text[:2]
    return 1 if text in runner.flags or is_cluster or name in runner.valued else None


_LOOKS: Mapping[str, _Look] = {"printf": _printf, "set": _set, "find": _find, **dict.fromkeys(_SHELLS, _shell)}
