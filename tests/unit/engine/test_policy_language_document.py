"""Every example of docs/policy-language.md is executed, so that the page can't promise what doesn't work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from decisions.engine.action import Action
from decisions.engine.classify import detect_kinds
from decisions.engine.consequences import CONSEQUENCE_KEYS
from decisions.engine.context import Trust
from decisions.engine.fields import CONTEXT_NAMES
from decisions.engine.operators import OPERATORS
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy
from decisions.engine.rules import RULE_KEYS
from decisions.engine.verdict import Decision, Ruling
from decisions.intake.names import split_tool_name
from tests.unit.engine.labelled_strings import LABELLED
from tests.unit.engine.scenes import context, facts, problems_of, text_of
from tests.unit.engine.test_classify import PRECISION_FLOOR, RECALL_FLOOR

PAGE = (Path(__file__).parents[3] / "docs" / "policy-language.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```yaml ?(\S*) ?(.*?)$\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Case:
    """One example: the policy that it is about, what is given, and what the page says comes of it."""

    policy: Policy
    given: Mapping[str, Any]


def blocks() -> Iterator[tuple[str, str, str]]:
    return ((found[1], found[2], found[3]) for found in BLOCK.finditer(PAGE))


def loaded(text: str) -> Policy:
    return compile_policy(parse_policy(text, source="docs/policy-language.md"))


def cases() -> Iterator[Case]:
    """Cases follow the policy or the rules that they are about; `policy` names an earlier whole policy."""
    by_id: dict[str, Policy] = {}
    latest: Policy | None = None
    for kind, _, text in blocks():
        if kind == "policy":
            latest = loaded(text)
            by_id[latest.id] = latest
        elif kind == "rules":
            latest = loaded(text_of(text))
        elif kind == "cases":
            for given in YAML(typ="safe", pure=True).load(text):
                assert latest is not None
                yield Case(policy=by_id.get(given.get("policy"), latest), given=given)


CASES = list(cases())


def answered(case: Case) -> Ruling:
    action = case.given["action"]
    tool, operation = split_tool_name(action["tool"], action.get("operation"))
    around = dict(case.given.get("context", {}))
    known = facts(Trust.ATTESTED, **around.pop("attested", {})) | facts(Trust.ASSERTED, **around.pop("asserted", {}))
    if "request_trust" in around:
        around["request_trust"] = Trust(around["request_trust"])
    if "data_kinds" in around:
        around["data_kinds"] = frozenset(around["data_kinds"])
    return evaluate(
        Action(tool, operation, action["parameters"]), context=context(facts=known, **around), policy=case.policy
    )


def shown(ruling: Ruling) -> dict[str, Any]:
    """A ruling in the words of the page's cases."""
    stages = ruling.route.stages if ruling.route else ()
    return {
        "decision": ruling.decision.value,
        "rule": ruling.rule_id,
        "reason_code": ruling.reason_code.value,
        "risk_level": ruling.risk_level.value,
        "timeout": ruling.timeout_seconds,
        "approvers": {stage.group: stage.count for stage in stages},
        "context_needed": list(ruling.context_needed),
        "parameters": ruling.parameters,
        "labels": sorted(ruling.labels),
    }


@pytest.mark.parametrize("case", CASES, ids=[str(number) for number in range(len(CASES))])
def test_every_case_on_the_page_comes_out_as_it_says(case: Case) -> None:
    expected = case.given["expect"]
    found = shown(answered(case))
    assert {name: found[name] for name in expected} == expected


def test_the_page_has_examples_of_every_decision() -> None:
    assert {case.given["expect"]["decision"] for case in CASES} == {decision.value for decision in Decision}
    assert len(CASES) > 30


def test_every_block_is_one_that_is_executed() -> None:
    assert {kind for kind, _, _ in blocks()} == {"policy", "rules", "cases", "refused"}


@pytest.mark.parametrize(("codes", "text"), [(codes, text) for kind, codes, text in blocks() if kind == "refused"])
def test_what_the_page_says_is_refused_is_refused_for_that(codes: str, text: str) -> None:
    assert {found.code for found in problems_of(text)} == set(codes.split())


@pytest.mark.parametrize("word", [*OPERATORS, "not", *RULE_KEYS, *CONSEQUENCE_KEYS, *CONTEXT_NAMES, "all", "any"])
def test_the_page_names_every_word_of_the_language(word: str) -> None:
    assert re.search(rf"`[^`]*\b{word}\b[^`]*`", PAGE)


def test_the_page_states_what_the_detector_measured() -> None:
    found = [(detect_kinds(text), labels) for text, labels in LABELLED]
    right = sum(len(kinds & labels) for kinds, labels in found)
    precision = right / sum(len(kinds) for kinds, _ in found)
    recall = right / sum(len(labels) for _, labels in found)
    assert f"On the {len(LABELLED)} labelled strings" in PAGE
    assert f"precision is {precision:.2f} and its recall {recall:.2f}" in PAGE
    assert precision >= PRECISION_FLOOR
    assert recall >= RECALL_FLOOR
