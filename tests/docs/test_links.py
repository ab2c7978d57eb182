"""Whatever a page points to is there: pages, headings, files, folders, names of code, tests."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module, util
from pathlib import Path

import pytest

from tests.docs.reading import ROOT, Page, page, pages

BY_NAME = pytest.mark.parametrize("each", pages(), ids=lambda found: found.name)
FOLDERS = ("aarm_site/", "decisions/", "approvals/", "receipts/", "sdk/", "templates/", "tests/", "docs/", ".ci/")
_PATH = re.compile(r"[\w./-]+")
_CODE = re.compile(r"(?:aarm_site|decisions|approvals|receipts)(?:\.\w+)+")
# The production settings refuse to be imported in any other environment.
_SETTINGS = re.compile(r"aarm_site\.settings\.\w+")


def missing_target(source: Page, *, link: str) -> str | None:
    """What the link leads to, if that is not there."""
    target, _, anchor = link.partition("#")
    if "://" in target or target.startswith("mailto:"):
        return None
    path = (source.path.parent / target).resolve() if target else source.path
    if not path.exists():
        return link
    if anchor and anchor not in page(path.relative_to(ROOT).as_posix()).anchors:
        return link
    return None


def test_there_are_pages_to_read() -> None:
    assert {"README.md", "CONTRIBUTING.md", "docs/api.md", "docs/adr/README.md"} <= {found.name for found in pages()}


@BY_NAME
def test_every_link_leads_somewhere(each: Page) -> None:
    assert [link for link in each.links if missing_target(each, link=link)] == []


def test_a_link_that_leads_nowhere_would_be_noticed() -> None:
    readme = page("README.md")
    assert missing_target(readme, link="docs/nowhere.md") == "docs/nowhere.md"
    assert missing_target(readme, link="docs/api.md#nowhere") == "docs/api.md#nowhere"
    assert missing_target(readme, link="docs/api.md#routes") is None


@BY_NAME
def test_every_file_that_is_named_exists(each: Page) -> None:
    named = [text.partition("::")[0] for text in each.code if text.startswith(FOLDERS) and "<" not in text]
    assert [name for name in named if _PATH.fullmatch(name) and not (ROOT / name).exists()] == []


def has_name(dotted: str) -> bool:
    """Whether the dotted name is a module, or something in one."""
    if _SETTINGS.fullmatch(dotted):
        return util.find_spec(dotted) is not None
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if util.find_spec(parts[0]) and _is_module(parts[:length]):
            found: object = import_module(name)
            for attribute in parts[length:]:
                if not hasattr(found, attribute):
                    return False
                found = getattr(found, attribute)
            return True
    return False


def _is_module(parts: list[str]) -> bool:
    path = ROOT.joinpath(*parts)
    return path.with_suffix(".py").is_file() or path.is_dir()


@BY_NAME
def test_every_name_of_code_exists(each: Page) -> None:
    named = [match[0] for text in each.code if (match := _CODE.fullmatch(text.removesuffix("()")))]
    # A file in an export has the name of an app, and an ending that no code has.
    assert [name for name in named if not (has_name(name) or name.endswith(".jsonl"))] == []
    assert not has_name("decisions.services.submission.nothing")


@cache
def functions_in(path: Path) -> frozenset[str]:
    """The names of the functions of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@BY_NAME
def test_every_test_that_is_named_exists(each: Page) -> None:
    named = [text for text in each.code if "::" in text and text.startswith("tests/")]
    wrong = [text for text in named if text.partition("::")[2] not in functions_in(ROOT / text.partition("::")[0])]
    assert wrong == []


def test_the_map_names_every_page() -> None:
    index = page("docs/index.md")
    linked = {(index.path.parent / link.partition("#")[0]).resolve() for link in index.links}
    left_out = {found.path for found in pages() if found.path.parent.name != "adr"} - linked
    assert left_out == {index.path, ROOT / "README.md"}
    decisions = {path.name for path in (ROOT / "docs/adr").glob("0*.md")}
    assert {Path(link).name for link in page("docs/adr/README.md").links} == decisions
