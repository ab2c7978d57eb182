"""Code in the arguments of interpreters, awk and sed: a file that they run is a file, a text is in doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.tokens import Word

_FINE = frozenset[Doubt]()
_CODE = frozenset({Doubt.CODE})
_RUNS_INPUT = frozenset({Doubt.RUNS_INPUT})

# Files that are what the program is sent.
_INPUTS = re.compile(r"/dev/(?:stdin|fd/.*|tty)|/proc/.*/fd/.*", re.DOTALL)
# Options before the file that neither hold code nor load any, by the interpreters that take them.
_INTERPRETERS: Mapping[re.Pattern[str], re.Pattern[str]] = {
    re.compile(rf"(?:{programs})[0-9.]*"): re.compile(options)
    for programs, options in (
        ("python|pypy", r"-(?:[BEIOPSbdsuv]+|VV?|h|[WX].+)|--version|--help"),
        ("perl", r"-[wWv]|--version"),
        ("ruby|jruby", r"-[wv]|--version"),
        (
            "node|nodejs|tsx|ts-node|qjs",
            r"-v|--version|--test|--watch|--no-warnings|--enable-source-maps|--max-old-space-size=[0-9]+",
        ),
        ("php", r"-[vilmn]|--version"),
        ("lua|luajit|tclsh|wish|rscript|julia|groovy|elixir|guile|osascript", r"-v|--version|--vanilla"),
        ("ghc|erl|clojure|clj|sbcl|jrunscript|dc", r"--version"),
        ("fish|csh|tcsh|nu|elvish|xonsh|irb|iex|ipython|ghci|scala|jshell|r|octave|gnuplot|expect", r"--version"),
    )
}
# With these no file is asked for, and nothing that is sent is run.
_NEEDS_NONE = frozenset({"--version", "--help", "--test", "-V", "-VV", "-v", "-h"})
_TAKES_MODULES = re.compile(r"(?:python|pypy)[0-9.]*")
# Modules that run a text, or what they are sent.
_TEXT_MODULES = frozenset({"timeit", "code", "pdb", "asyncio", "IPython", "cProfile", "profile", "trace"})
_SUBCOMMANDS = frozenset({"deno", "bun"})
_TEXT_SUBCOMMANDS = frozenset({"eval", "repl", "exec"})
# Their arguments are a command line of their own kind, and begin with other characters than options do.
_OTHER_SHELLS = frozenset({"cmd", "powershell", "pwsh"})
_AWKS = frozenset({"awk", "gawk", "mawk", "nawk", "original-awk", "goawk"})
_SEDS = frozenset({"sed", "gsed"})


def code_doubts(program: str, words: Sequence[Word]) -> frozenset[Doubt]:
    """What is in doubt about a program of this name, in lower case, because of code among its arguments."""
    if program in _LOOKS:
        return _LOOKS[program](words)
    options = next((options for names, options in _INTERPRETERS.items() if names.fullmatch(program)), None)
    if options is None:
        return _FINE
    return _interpreted(words, options=options, takes_modules=_TAKES_MODULES.fullmatch(program) is not None)


def is_input(path: str) -> bool:
    """Whether a file of this name is what the program is sent."""
    return path == "-" or _INPUTS.fullmatch(path) is not None


def _interpreted(words: Sequence[Word], *, options: re.Pattern[str], takes_modules: bool) -> frozenset[Doubt]:
    """Nothing where a file or module is run, whose name is among the arguments, or nothing at all."""
    for number, word in enumerate(words):
        text = word.text
        if text is None:
            return _CODE
        if takes_modules and text.startswith("-m"):
            return _module(text[2:], words[number + 1 : number + 2])
        if text in ("", "--"):
            continue
        if is_input(text):
            return _RUNS_INPUT
        if not text.startswith("-"):
            return _FINE
        if options.fullmatch(text) is None:
            return _CODE
    return _FINE if any(word.text in _NEEDS_NONE for word in words) else _RUNS_INPUT


def _module(name: str, following: Sequence[Word]) -> frozenset[Doubt]:
    named = name or (following[0].text if following else None)
    return _CODE if named is None or named.partition(".")[0] in _TEXT_MODULES else _FINE


def _with_subcommand(words: Sequence[Word]) -> frozenset[Doubt]:
    first = words[0].text if words else "repl"
    if first is None or first in _TEXT_SUBCOMMANDS or (first.startswith("-") and first not in _NEEDS_NONE):
        return _CODE
    return _RUNS_INPUT if any(word.text == "-" for word in words) else _FINE


def _other_shell(words: Sequence[Word]) -> frozenset[Doubt]:
    return _CODE


# What runs something, reads or writes a file, calls a function by a computed name, or loads another text.
_AWK_ACTS = re.compile(r"system|getline|[|@]|print.*>|load", re.DOTALL)
_AWK_OPTION = re.compile(r"-[Fv].+|--version|--posix|--traditional", re.DOTALL)


def _awk(words: Sequence[Word]) -> frozenset[Doubt]:
    start, files = _awk_options(words)
    if start is None or any(path is None or is_input(path) for path in files):
        return _CODE
    if files or start >= len(words):
        return _FINE
    script = words[start].text
    return _CODE if script is None or _AWK_ACTS.search(script.replace("||", "")) else _FINE


def _awk_options(words: Sequence[Word]) -> tuple[int | None, list[str | None]]:
    """Where the program stands, None if an option is not known, and the files that are run instead."""
    at, files = 0, list[str | None]()
    while at < len(words):
        text = words[at].text
        if text == "--":
            return at + 1, files
        if text is not None and (not text.startswith("-") or text == "-"):
            break
        is_valued = text in ("-F", "-v", "-f")
        if text is None or not (is_valued or _AWK_OPTION.fullmatch(text)):
            return None, files
        if text == "-f":
            files.extend(word.text for word in words[at + 1 : at + 2])
        at += 2 if is_valued else 1
    return at, files


_SED_ADDRESS = r"(?:[0-9]+(?:~[0-9]+)?|\$|/(?:[^/\\\n]|\\.)*/[IM]*)"
_SED_ADDRESSES = rf"(?:{_SED_ADDRESS}(?:\s*,\s*(?:{_SED_ADDRESS}|[+~][0-9]+))?\s*(?:!\s*)?)?"
_SED_CHANGES = (
    r"s([^\w\s\\;])(?P<pattern>(?:\\.|(?!\1)[^\\\n])*)\1(?:\\.|(?!\1)[^\\])*\1[gpiIm0-9]*"
    r"|y([^\w\s\\;])(?:\\.|(?!\3)[^\\\n])*\3(?:\\.|(?!\3)[^\\\n])*\3"
)
_SED_COMMAND = re.compile(
    rf"[\s;]*{_SED_ADDRESSES}(?:\{{|\}}|(?:{_SED_CHANGES}|[dpDPgGhHnNxz=]|[qQ] ?[0-9]*|[:btT] ?\w*)[ \t]*(?=[;}}\n]|$)"
    r"|[aic](?:\\|[ \t])[^\n]*(?:\n|$))[\s;]*"
)
_SED_OPTION = re.compile(r"-[nErsuz]+|-[nErsuz]*i.*|--(?:in-place(?:=.*)?|quiet|silent|regexp-extended|version)")
_SED_SCRIPT = re.compile(r"-[nErsuz]*e|--expression")


def _sed(words: Sequence[Word]) -> frozenset[Doubt]:
    """Few of its commands do more than change a line; a script of others, or one that can't be told, is in doubt."""
    scripts, operands = list[str | None](), list[str | None]()
    at, is_over = 0, False
    while at < len(words):
        text = words[at].text
        at += 1
        if is_over or text is None or not text.startswith("-") or text == "-":
            operands.append(text)
        elif text == "--":
            is_over = True
        elif _SED_SCRIPT.fullmatch(text):
            scripts.append(words[at].text if at < len(words) else None)
            at += 1
        elif text.startswith("--expression="):
            scripts.append(text.partition("=")[2])
        elif _SED_OPTION.fullmatch(text) is None:
            return _CODE
        if text is None and not is_over:
            return _CODE
    checked = scripts or operands[:1]
    return _FINE if all(script is not None and _is_plain_sed(script) for script in checked) else _CODE


def _is_plain_sed(script: str) -> bool:
    at = 0
    while at < len(script):
        found = _SED_COMMAND.match(script, at)
        # Where a bracket holds the separator is read differently.
        if found is None or found.end() == at or not _is_balanced(found["pattern"] or ""):
            return False
        at = found.end()
    return True


def _is_balanced(pattern: str) -> bool:
    return pattern.count("[") == pattern.count("]")


_LOOKS: Mapping[str, Callable[[Sequence[Word]], frozenset[Doubt]]] = {
    **dict.fromkeys(_AWKS, _awk),
    **dict.fromkeys(_SEDS, _sed),
    **dict.fromkeys(_SUBCOMMANDS, _with_subcommand),
    **dict.fromkeys(_OTHER_SHELLS, _other_shell),
}
