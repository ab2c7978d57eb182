"""Where the options of shells, and of programs that run others, end, and what they fill in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from decisions.engine.metatools import Runner
from decisions.intake.shell.tokens import Word

_SHELL_FLAGS = re.compile(r"[-+][abefhilmnuvxECHP]*(c?)[abefhilmnuvxECHP]*", re.ASCII)
_NAMED_SETTING = re.compile(r"[-+][eux]*o")
_SETTINGS = frozenset({"pipefail", "errexit", "nounset", "xtrace"})
# Stands for arguments that only come when the command runs.
UNKNOWN = Word(None, "")
# The option of a program of the table after which every occurrence of a text is filled in.
_FILLS: Mapping[str, str] = {"xargs": "-I"}


def shell_options(words: Sequence[Word]) -> tuple[int | None, bool]:
    """Where a shell's options end, None if one is not known, and whether a text is to be run."""
    at, takes_text = 0, False
    while at < len(words):
        text = words[at].text
        if text in ("-", "--"):
            return at + 1, takes_text
        if text is None or not text.startswith(("-", "+")):
            break
        if _NAMED_SETTING.fullmatch(text):
            if at + 1 >= len(words) or words[at + 1].text not in _SETTINGS:
                return None, takes_text
            at += 1
        else:
            flags = _SHELL_FLAGS.fullmatch(text)
            if flags is None:
                return None, takes_text
            takes_text = takes_text or bool(flags[1])
        at += 1
    return at, takes_text


def filled(rest: Sequence[Word], *, program: str, options: Sequence[Word]) -> Sequence[Word]:
    """The words that a program of the table runs, without those of which its options fill in something."""
    option = _FILLS.get(program, "")
    for number, word in enumerate(options):
        if option and word.text is not None and word.text.startswith(option):
            following = options[number + 1].text if number + 1 < len(options) else None
            rest = replaced(rest, marker=word.text.removeprefix(option) or following)
    return rest


def after_options(words: Sequence[Word], *, runner: Runner) -> int | None:
    """Where the options end; None if one of them is not known."""
    at = 0
    while at < len(words):
        text = words[at].text
        if text is None:
            return None
        if text == "--":
            return at + 1
        if not text.startswith("-") or (text == "-" and text not in runner.flags):
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


def replaced(words: Sequence[Word], *, marker: str | None) -> list[Word]:
    """The words in which nothing, or everything if the marker is not known, is filled in when the command runs."""
    return [
        Word(None, word.raw) if word.text is None or marker is None or marker in word.text else word for word in words
    ]
