"""Globs: `*` is any characters and `?` is one, in names of tools all of them, in values all but `/`; `**` is all."""

from __future__ import annotations

from collections.abc import Callable

from decisions.engine.patterns import Occurs, compile_glob

_IN_NAMES = (("*", ".*"), ("?", "."))
_IN_VALUES = (("**", ".*"), ("*", "[^/]*"), ("?", "[^/]"))


def is_glob(text: str) -> bool:
    """Whether `text` stands for more than one name."""
    return "*" in text or "?" in text


def could_be_name(text: str, *, is_name: Callable[[str], bool]) -> bool:
    """Whether `text` is a name, or a glob that some name could come of."""
    return is_name(text.replace("*", "x").replace("?", "x"))


def compile_name_glob(text: str) -> Occurs | None:
    """A test of names of tools, which must be folded as `text` is. None where RE2 refuses it."""
    first, star, last = text.partition("*")
    if not star or is_glob(first) or is_glob(last):
        return compile_glob(text, wildcards=_IN_NAMES)
    # Most globs of tools have one star, and every rule that is filed by one asks it of every action that it is for.
    shortest = len(first) + len(last)
    return lambda name: len(name) >= shortest and name.startswith(first) and name.endswith(last)


def compile_value_glob(text: str) -> Occurs | None:
    """A test of values, which are taken as they are. None where RE2 refuses it."""
    return compile_glob(text, wildcards=_IN_VALUES)


def literal_segments(glob: str) -> tuple[str | None, str | None]:
    """The first and the last of the dotted parts of `glob`, each None where it has wildcards or there is no dot."""
    first, dot, _ = glob.partition(".")
    last = glob.rpartition(".")[2]
    if not dot:
        return None, None
    return (None if is_glob(first) else first), (None if is_glob(last) else last)
