"""The page is complete enough to write an evaluator from: tests/reference comes out at every case as it says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests import reference
from tests.docs.reading import page
from tests.reference.cases import given
from tests.reference.judging import evaluate
from tests.reference.loading import loaded

PRODUCT = {"decisions", "approvals", "receipts", "aarm_site", "aarm"}


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the page and the policy that it is about."""

    policy: dict[str, Any]
    node: dict[str, Any]


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def cases() -> Iterator[Case]:
    by_id: dict[str, dict[str, Any]] = {}
    latest: dict[str, Any] = {}
    for block in page("docs/policy-language.md").blocks("yaml"):
        kind = block.info.split()[1]
        if kind == "policy":
            document = read(block.text)
            latest = by_id[document["policy"]["id"]] = loaded(document)
        elif kind == "rules":
            latest = loaded({"policy": {"id": "page", "version": "1"}, "rules": read(block.text)})
        elif kind == "cases":
            for node in read(block.text):
                yield Case(by_id.get(node.get("policy"), latest), node)


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=[str(number) for number in range(len(CASES))])
def test_the_reference_comes_out_as_the_page_says(case: Case) -> None:
    found = evaluate(case.policy, *given(case.node))
    expected = dict(case.node["expect"])
    if expected.get("shadow"):
        shadow = expected.pop("shadow")
        assert {name: found["shadow"][name] for name in shadow} == shadow
    assert {name: found[name] for name in expected} == expected


def test_the_reference_shares_nothing_with_the_engine() -> None:
    for path in Path(next(iter(reference.__path__))).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not PRODUCT & {name.partition(".")[0] for name in named}, path
