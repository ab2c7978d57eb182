"""What a page names as proof is a test, and what a test claims to deliver is a case."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture.source import ROOT, Module, modules
from tests.docs.reading import page

# A family and its numbers: `APR-01`, `APR-01, 02`, `RCP-01…08`.
_NAMED = re.compile(r"\b([A-Z]{3})-(\d\d(?:(?:, |…)\d\d)*)(?!\d)")
_ID = re.compile(r"(?:APR|FLT|DEC|CHN|API|POL|CTX|RCP|OPS|PRV)-\d\d")
CLAIMING = ("docs/threat-model.md", "docs/conformance.md", "CONTRIBUTING.md")


def ids_in(text: str) -> Iterator[str]:
    """Every case that the text names, ranges written out."""
    for family, numbers in _NAMED.findall(text):
        for part in numbers.split(", "):
            first, _, last = part.partition("…")
            yield from (f"{family}-{number:02}" for number in range(int(first), int(last or first) + 1))


def _constants(node: ast.AST, *, module: Module) -> Iterator[str]:
    """The texts in an argument, also where it is the name of a list of them."""
    if isinstance(node, ast.Starred) and isinstance(node.value, ast.Name):
        name = node.value.id
        assigned = (item for item in module.tree.body if isinstance(item, ast.Assign | ast.AnnAssign))
        for item in assigned:
            targets = item.targets if isinstance(item, ast.Assign) else [item.target]
            if any(getattr(target, "id", "") == name for target in targets) and item.value is not None:
                yield from _constants(item.value, module=module)
        return
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def _marks(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "case":
            for argument in node.args:
                yield from _constants(argument, module=module)


@cache
def delivered() -> frozenset[str]:
    """Every id that some test is marked with."""
    return frozenset(name for module in modules("tests") for name in _marks(module))


@pytest.mark.parametrize("name", CLAIMING)
def test_every_case_that_is_named_as_proof_has_a_test(name: str) -> None:
    assert sorted(set(ids_in(page(name).text)) - delivered()) == []


def test_every_mark_is_the_id_of_a_case() -> None:
    assert [name for name in sorted(delivered()) if not _ID.fullmatch(name)] == []
    assert len(delivered()) > 50


def test_ids_are_read_as_people_write_them() -> None:
    text = "APR-01, 03, API-23 · RCP-15…18; POL-07"
    assert list(ids_in(text)) == ["APR-01", "APR-03", "API-23", "RCP-15", "RCP-16", "RCP-17", "RCP-18", "POL-07"]
    assert ROOT.is_dir()
