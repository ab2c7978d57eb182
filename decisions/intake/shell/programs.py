"""What a program runs: those that run another one are looked into, the rest are judged as what they are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from decisions.engine.metatools import Runner
from decisions.intake.shell.carriers import carried_doubts, expression_doubts
from decisions.intake.shell.commands import RESERVED, Simple, simple_commands
from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.finding import find
from decisions.intake.shell.options import UNKNOWN, after_options, filled, shell_options
from decisions.intake.shell.scripts import code_doubts, is_input
from decisions.intake.shell.steps import (
    Command,
    Found,
    Redirection,
    command_of,
    in_doubt,
    script_file,
    together,
    without_assignments,
)
from decisions.intake.shell.tokens import Word
from decisions.intake.shell.words import DEEPEST_NESTING, LONGEST_SCRIPT

_CHANGES_SHELL = frozenset({
    "eval", ".", "source", "trap", "alias", "unalias", "hash", "enable", "disable", "shopt", "setopt", "unsetopt",
    "emulate", "export", "declare", "typeset", "local", "integer", "float", "readonly", "unset", "read", "mapfile",
    "readarray", "getopts", "let", "autoload", "zmodload", "functions", "compgen", "complete", "compopt", "compdef",
    "bind", "bindkey", "zle", "zstyle", "vared", "sched", "fc", "history",
})  # fmt: skip
_MOVES = frozenset({"cd", "chdir", "pushd", "popd"})
_HARMLESS_SETTING = re.compile(r"[-+][eux]*o?|pipefail|errexit|nounset|xtrace")


_KINDS = {"<": "read", ">": "write", ">>": "append", "<>": "write", ">|": "write", "&>": "write", "&>>": "append",
          ">&": "write", "<&": "read"}  # fmt: skip
_NOWHERE = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin"})
_STREAM = re.compile(r"[0-9]*-?")
# To some shells a file of such a name is a connection.
_CONNECTIONS = ("/dev/tcp/", "/dev/udp/")


def read_script(script: str, *, runners: Mapping[str, Runner], depth: int = 0) -> Found:
    """What a command line might run. Pure and total; `runners` are the programs that run others, by name."""
    if depth > DEEPEST_NESTING:
        return Found((), frozenset({Doubt.TOO_LONG}))
    commands, doubts = simple_commands(script)
    found = together([_of_simple(each, runners=runners, depth=depth) for each in commands])
    return together([found, Found((), doubts | _moved(found))])


def _moved(found: Found) -> set[Doubt]:
    """A path that begins here names another file once the folder is changed."""
    programs = {step.program for step in found.steps if isinstance(step, Command)}
    is_moved = programs & _MOVES and any(program.startswith(("./", "../")) for program in programs)
    return {Doubt.MOVED} if is_moved else set()


def read_words(words: Sequence[str], *, runners: Mapping[str, Runner]) -> Found:
    """The same for a program and arguments that no shell has read."""
    if sum(map(len, words)) > LONGEST_SCRIPT:
        return Found((), frozenset({Doubt.TOO_LONG}))
    return _of_words([Word(each, each) for each in words], runners=runners, depth=0)


def _of_simple(simple: Simple, *, runners: Mapping[str, Runner], depth: int) -> Found:
    files = tuple(
        Redirection(_KINDS[operator], target.text)
        for operator, target in simple.redirections
        if operator in _KINDS and not _goes_nowhere(operator, target)
    )
    connects = any(file.path is not None and file.path.startswith(_CONNECTIONS) for file in files)
    doubts = frozenset({Doubt.CONNECTION} if connects else set[Doubt]())
    return together([_of_words(simple.words, runners=runners, depth=depth), Found(files, doubts)])


def _goes_nowhere(operator: str, target: Word) -> bool:
    if target.text is None:
        return False
    return target.text in _NOWHERE or ("&" in operator[-1:] and _STREAM.fullmatch(target.text) is not None)


def _of_words(words: Sequence[Word], *, runners: Mapping[str, Runner], depth: int) -> Found:
    """A program with its arguments, and whatever it runs."""
    if depth > DEEPEST_NESTING:
        return in_doubt(Doubt.TOO_LONG)
    rest, doubts = without_assignments(words)
    if not rest:
        return Found((), doubts)
    if not rest[0].text:
        return Found((), doubts | {Doubt.COMPUTED})
    if rest[0].raw in RESERVED:
        doubts |= {Doubt.CONSTRUCT}
    # To some shells these words are the name of something else.
    if rest[0].text.startswith(("=", "%")) or rest[0].text == "-":
        doubts |= {Doubt.COMPUTED}
    command = command_of(rest)
    found = _looking_into(command, rest[1:], runners=runners, depth=depth + 1)
    return Found(found.steps, found.doubts | doubts)


def _looking_into(command: Command, words: Sequence[Word], *, runners: Mapping[str, Runner], depth: int) -> Found:
    """The program with whatever it runs. One that lies elsewhere is looked into by its name, and stands for itself."""
    name = posixpath.basename(command.program).lower().removesuffix(".exe")
    found = _opened(command, words, name=name, runners=runners, depth=depth)
    if found is None:
        is_near = command.program.startswith(("./", "../"))
        doubts = code_doubts(name, words) | (frozenset[Doubt]() if is_near else carried_doubts(name, words))
        found = Found((command,), doubts | (_builtin_doubts(name, words) if name == command.program else set()))
    if "/" not in command.program:
        return found
    own, *inner = found.steps
    return Found((replace(own, only_runs=False) if isinstance(own, Command) else own, *inner), found.doubts)


def _opened(
    command: Command, words: Sequence[Word], *, name: str, runners: Mapping[str, Runner], depth: int
) -> Found | None:
    if _SHELLS.fullmatch(name):
        return _shell(command, words, runners=runners, depth=depth)
    if name == "find":
        return find(command, words, run=partial(_of_words, runners=runners, depth=depth))
    runner = runners.get(name)
    return None if runner is None else _runner(command, words, runners=runners, depth=depth, runner=runner)


def _builtin_doubts(name: str, words: Sequence[Word]) -> frozenset[Doubt]:
    """What is in doubt about a command of the shell itself."""
    texts = [word.text for word in words]
    doubts = set(expression_doubts(name, words))
    if name == "printf" and any(text is None or text.startswith("-v") for text in texts[:1]):
        doubts.add(Doubt.VARIABLE)
    # Options that stop or print are harmless; others change what is run, or set arguments.
    if name == "set" and not all(text is not None and _HARMLESS_SETTING.fullmatch(text) for text in texts):
        doubts.add(Doubt.CHANGES_SHELL)
    return frozenset(doubts | ({Doubt.CHANGES_SHELL} if name in _CHANGES_SHELL else set()))


_SHELLS = re.compile(r"(?:ba|da|a|z|k|mk|lk|pdk|ya|rba|po)?sh(?:[-.]?[0-9][0-9.]*)?", re.ASCII)


def _shell(command: Command, words: Sequence[Word], *, runners: Mapping[str, Runner], depth: int) -> Found:
    """A shell runs the text after its options if one of them is `-c`, a file, or what it is sent."""
    runs = Found((replace(command, only_runs=True),), frozenset())
    start, takes_text = shell_options(words)
    if start is None:
        return together([runs, in_doubt(Doubt.OPTION)])
    first = words[start].text if start < len(words) else ""
    if first is None or (takes_text and start >= len(words)):
        return together([runs, in_doubt(Doubt.COMPUTED)])
    if takes_text:
        return together([runs, read_script(first, runners=runners, depth=depth)])
    if not first or is_input(first):
        return together([runs, in_doubt(Doubt.RUNS_INPUT)])
    return together([runs, Found((script_file(words[start:]),), frozenset())])


def _runner(
    command: Command, words: Sequence[Word], *, runners: Mapping[str, Runner], depth: int, runner: Runner
) -> Found:
    """A program of the table: its options, then the command that it runs."""
    start = after_options(words, runner=runner)
    if any(word.text in runner.idle for word in words[:1]):
        return Found((command,), frozenset())
    if start is None:
        return Found((command,), frozenset({Doubt.OPTION}))
    rest = [*words[start:]]
    if runner.takes_assignments:
        kept, doubts = without_assignments(rest)
        rest = [*kept]
    else:
        doubts = frozenset()
    rest = rest[runner.words :]
    if not rest:
        return Found((command,), doubts)
    if runner.adds_arguments:
        rest = [*filled(rest, program=runner.program, options=words[:start]), UNKNOWN]
    own = Found((replace(command, only_runs=runner.only_runs),), doubts)
    return together([own, _of_words(rest, runners=runners, depth=depth)])
