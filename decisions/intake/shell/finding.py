"""`find`: what it runs for each file that it finds, and what it writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.options import UNKNOWN, replaced
from decisions.intake.shell.steps import Command, Found, Redirection, together
from decisions.intake.shell.tokens import Word

_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_WRITES = frozenset({"-fprint", "-fprint0", "-fprintf", "-fls"})
# Tests that take one word, whatever it is.
_TESTS = frozenset({
    "-name", "-iname", "-path", "-ipath", "-wholename", "-regex", "-iregex", "-newer", "-user", "-group", "-size",
    "-type", "-mtime", "-mmin", "-maxdepth", "-mindepth", "-perm",
})  # fmt: skip
# One word, whatever it comes to.
_QUOTED = re.compile(r'"[^"]*"')


def find(command: Command, words: Sequence[Word], *, run: Callable[[Sequence[Word]], Found]) -> Found:
    """What `find` does with these arguments; `run` says what a command comes to that it runs."""
    found = [Found((command,), _doubts(words))]
    for number, word in enumerate(words):
        rest = words[number + 1 :]
        if word.text in _WRITES and rest:
            found.append(Found((Redirection("write", rest[0].text),), frozenset()))
        if word.text in _RUNS:
            found.append(run(replaced([*_to_end(rest), UNKNOWN], marker="{}")))
            if word.text.endswith("dir"):
                found.append(Found((), _moved(rest[:1])))
    return together(found)


def _to_end(words: Sequence[Word]) -> Sequence[Word]:
    """The command: up to `;`, or to `+` where that follows on `{}`."""
    for number, word in enumerate(words):
        if word.text == ";" or (word.text == "+" and number and words[number - 1].text == "{}"):
            return words[:number]
    return words


def _moved(program: Sequence[Word]) -> frozenset[Doubt]:
    is_near = any((word.text or "").startswith(("./", "../")) for word in program)
    return frozenset({Doubt.MOVED} if is_near else set[Doubt]())


def _doubts(words: Sequence[Word]) -> frozenset[Doubt]:
    """A word that is not known may be `-exec`: unless it is the place to begin, or what a test is about."""
    for number, word in enumerate(words):
        is_one = _QUOTED.fullmatch(word.raw) is not None
        if word.text is not None or (is_one and number and words[number - 1].text in _TESTS):
            continue
        following = words[number + 1].text if number + 1 < len(words) else "-"
        is_place = is_one and number == 0 and following is not None and following.startswith("-")
        if not is_place:
            return frozenset({Doubt.OPTION})
    return frozenset()
