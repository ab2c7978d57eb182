"""Every command line on a page is one that can be given."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from django.core.management import CommandError, get_commands, load_command_class

from aarm.__main__ import main as sdk_command
from receipts.signing.__main__ import main as offline_verifier
from tests.docs.reading import ROOT, pages

LANGUAGES = ("sh", "console")
_ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")
_OPTION = re.compile(r"(?<![\w-])--[a-z-]+")
# Modules that are run with -m, and whose own help says what they take.
OWN = {"receipts.signing": offline_verifier, "aarm": sdk_command}
SERVERS = ("uvicorn", "gunicorn")


@dataclass(frozen=True, slots=True)
class Line:
    """One call of `./run` or `./test` on a page."""

    place: str
    program: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place} {self.program} {' '.join(self.words)}"


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return list(lexer)


def _calls(text: str, *, place: str) -> Iterator[Line]:
    text = text.removeprefix("$ ")
    if "./run" not in text and "./test" not in text:
        return
    words = [word for word in _words(text) if not _ASSIGNMENT.fullmatch(word)]
    if words[0] in ("./run", "./test"):
        end = next((number for number, word in enumerate(words) if not word.strip("<>|;&")), len(words))
        yield Line(place=place, program=words[0], words=tuple(words[1:end]))


def in_blocks() -> list[Line]:
    """The calls in fenced blocks, to be read to the letter."""
    found = (block for each in pages() for language in LANGUAGES for block in each.blocks(language))
    return [call for block in found for line in block.text.splitlines() for call in _calls(line, place=block.place)]


def in_sentences() -> list[Line]:
    """The calls between backticks, which may leave arguments out."""
    return [call for each in pages() for text in each.code for call in _calls(text, place=each.name)]


@cache
def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of a management command."""
    command = load_command_class(get_commands()[name], name)
    parser: argparse.ArgumentParser = command.create_parser("run", name)
    return parser


@cache
def help_of(module: str) -> str:
    """What the module says that it takes, its subcommands' own included."""
    return (ROOT / module.replace(".", "/") / "__main__.py").read_text("utf-8") if module in OWN else ""


def fault_of(line: Line) -> str | None:
    """Why the line could not be given like this."""
    if line.program == "./test":
        return _fault_of_test(line.words)
    if line.words[:1] == ("-m",):
        return _fault_of_module(line.words[1], words=line.words[2:])
    name, *rest = line.words or ("serve",)
    if name not in get_commands():
        return f"There is no command {name}."
    try:
        parser_of(name).parse_args(rest)
    except (CommandError, SystemExit) as error:
        return str(error)
    return None


def _fault_of_test(words: tuple[str, ...]) -> str | None:
    text = (ROOT / "test").read_text("utf-8")
    paths = [word for word in words if not word.startswith("-")]
    if not all((ROOT / path).exists() for path in paths):
        return "There is no such path."
    if paths or all(word in text for word in words):
        return None
    return "./test has no such option."


def _fault_of_module(module: str, *, words: tuple[str, ...]) -> str | None:
    if module in SERVERS:
        return None
    if module not in OWN:
        return f"There is no module {module}."
    unknown = [word for word in words if word.startswith("--") and f'"{word}"' not in help_of(module)]
    return f"It has no {unknown}." if unknown or words[0] not in help_of(module) else None


def test_there_are_lines_to_check() -> None:
    assert {line.words[:1] for line in in_blocks()} >= {(), ("demo",), ("policy",), ("-m",), ("migrate",)}


@pytest.mark.parametrize("line", in_blocks(), ids=str)
def test_a_line_in_a_block_can_be_typed(line: Line) -> None:
    assert fault_of(line) is None


@pytest.mark.parametrize("line", in_sentences(), ids=str)
def test_a_command_in_a_sentence_exists(line: Line) -> None:
    if not line.words or line.words[0].startswith("-") or line.words[0].isupper():
        assert line.program in ("./run", "./test")
        return
    assert line.words[0] in get_commands()
    text = parser_of(line.words[0]).format_help() + "".join(_subcommands(parser_of(line.words[0])))
    assert [option for option in _OPTION.findall(" ".join(line.words)) if option not in text] == []
    assert [word for word in line.words[1:2] if word.islower() and word not in text] == []


def _subcommands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from (inner.format_help() for inner in action.choices.values())


@pytest.mark.parametrize(
    "words", [("nothing",), ("policy", "burn"), ("agents", "create", "x", "--loud"), ("-m", "no.module")]
)
def test_a_line_that_cannot_be_given_would_be_noticed(words: tuple[str, ...]) -> None:
    assert fault_of(Line(place="here", program="./run", words=words)) is not None


@pytest.mark.parametrize("module", sorted(OWN))
def test_the_modules_that_are_run_have_a_command_line(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        OWN[module](["--help"])
    assert ended.value.code == 0
    assert "usage" in capsys.readouterr().out.lower()
