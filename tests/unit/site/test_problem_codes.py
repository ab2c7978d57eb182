"""Every code that an answer may carry is listed with a title, and the page of codes is the one that is printed."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command

from aarm_site.codes import CODES, as_markdown
from aarm_site.errors import TRANSLATIONS
from approvals.lifecycle.quorum import Unheard
from decisions.intake.errors import IntakeError
from receipts.problems import ProblemError
from receipts.signing.strict_json import Fault
from tests.architecture.source import ROOT, Module, modules


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def _passing_on(module: Module) -> set[str]:
    """Functions of the module that hand their first parameter to `ProblemError` as its code."""
    return {
        function.name
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef) and function.args.args
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and _name(call) == "ProblemError" and call.args
        if getattr(call.args[0], "id", "") == function.args.args[0].arg
    }


def _texts(node: ast.AST) -> Iterator[str]:
    """The codes at a place; one that is put together there stands for every listed code of its form."""
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values]
        yield from fnmatch.filter(CODES, "".join(parts)) or ["".join(parts)]
        return
    yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def _places(module: Module) -> Iterator[ast.AST]:
    """Where a module writes codes: first arguments, a variable `code`, and rows of a table of (code, status, …)."""
    yield from (
        keyword.value
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call) and _name(call) == "IntakeError"
        for keyword in call.keywords
        if keyword.arg == "code"
    )
    if "ProblemError" not in module.text:
        return
    makers = {"ProblemError"} | _passing_on(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _name(node) in makers and node.args:
            yield node.args[0]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
            yield node.value
        elif isinstance(node, ast.Tuple) and len(node.elts) > 2 and _is_status(node.elts[1]):
            yield node.elts[0]


def _is_status(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and 400 <= node.value < 600


def codes_in(module: Module) -> set[str]:
    """Codes that the module writes down."""
    return {text for place in _places(module) for text in _texts(place)}


def used_codes() -> set[str]:
    return {code for module in modules() for code in codes_in(module)} | set(Fault) | set(Unheard)


def test_every_code_in_the_source_is_listed_and_every_listed_one_is_used() -> None:
    assert {"not_found", "self_approval", "unavailable"} <= used_codes()
    assert sorted(used_codes() ^ set(CODES)) == []


def test_codes_are_stable_words_and_titles_are_phrases() -> None:
    assert all(code.replace("_", "").isalpha() and code == code.lower() for code in CODES)
    assert all(title[0].isupper() and not title.endswith(".") for title in CODES.values())


def test_the_page_of_codes_is_the_one_that_is_printed() -> None:
    printed = StringIO()
    call_command("document_errors", stdout=printed)
    assert (ROOT / "docs" / "errors.md").read_text("utf-8") == printed.getvalue() == as_markdown()


@pytest.mark.parametrize("kind", sorted(TRANSLATIONS, key=str))
def test_every_translation_says_why_and_how_to_mend_it(kind: type[BaseException]) -> None:
    spoken: dict[type[BaseException], BaseException] = {
        ProblemError: ProblemError("not_found", status=404, why="Gone.", fix="Look elsewhere."),
        IntakeError: IntakeError(code="invalid_tool", why="Unreadable.", fix="Write it out.", param="tool"),
    }
    found = TRANSLATIONS[kind](spoken.get(kind, _WaitedError()))
    assert found.code in CODES
    assert 400 <= found.status < 600
    assert found.why.endswith(".")
    assert found.fix.endswith(".")


class _WaitedError(Exception):
    wait = 2.2
