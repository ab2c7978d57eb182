"""Every example of docs/policy-language.md is executed, so that the page can't promise what doesn't work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from decisions.engine.boundaries import FOLLOWING_KEYS, LIMIT_KEYS, REVALIDATION_KEYS
from decisions.engine.cases import run_case
from decisions.engine.catalogue_reading import TOOL_KEYS
from decisions.engine.changes import ChangeKind
from decisions.engine.consequences import CONSEQUENCE_KEYS
from decisions.engine.examples import EXPECT_KEYS, FACT_KEYS, GIVEN_KEYS, Case, read_cases
from decisions.engine.fields import CATALOGUE_NAMES, CONTEXT_NAMES, IDENTITY_NAMES, SIGNAL_NAMES
from decisions.engine.grading_reading import GRADING_KEYS
from decisions.engine.header import HEADER_KEYS, ORGANISATION_KEYS
from decisions.engine.includes import INCLUDE_KEYS
from decisions.engine.operators import OPERATOR_SPELLINGS
from decisions.engine.parser import TOP_KEYS, compile_policy, parse_policy
from decisions.engine.policy import Policy
from decisions.engine.rules import RULE_KEYS
from decisions.engine.source import Findings, read_source
from decisions.engine.threshold_reading import LIMIT_KEYS as THRESHOLDS
from decisions.engine.threshold_reading import ROUTE_KEYS
from decisions.engine.verdict import Decision, ReasonCode
from tests.unit.engine.scenes import problems_of, text_of

PAGE = (Path(__file__).parents[3] / "docs" / "policy-language.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```yaml ?(\S*) ?(.*?)$\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WORDS = (
    *OPERATOR_SPELLINGS, *RULE_KEYS, *CONSEQUENCE_KEYS, *CONTEXT_NAMES, *IDENTITY_NAMES, *SIGNAL_NAMES,
    *CATALOGUE_NAMES, *TOP_KEYS, *HEADER_KEYS, *ORGANISATION_KEYS, *TOOL_KEYS, *THRESHOLDS, *ROUTE_KEYS, *ChangeKind,
    *GRADING_KEYS,
    *LIMIT_KEYS, *FOLLOWING_KEYS, *REVALIDATION_KEYS, *INCLUDE_KEYS, *GIVEN_KEYS, *EXPECT_KEYS, *FACT_KEYS, "all",
    "any",
)  # fmt: skip
# Given by services, not by the engine.
GIVEN_ELSEWHERE = {
    ReasonCode.DEPENDENCY_PENDING, ReasonCode.DEPENDENCY_DENIED, ReasonCode.IDENTITY_UNVERIFIED,
    ReasonCode.CONTEXT_INTEGRITY, ReasonCode.PAUSED, ReasonCode.NO_ELIGIBLE_REVIEWER, ReasonCode.UNCLEAR_MEANING,
    ReasonCode.CANNOT_MODIFY, ReasonCode.DATA_LIMIT, ReasonCode.TOOL_NOT_ALLOWED, ReasonCode.TURNED_DOWN,
    ReasonCode.TOO_MANY_WAITING,
}  # fmt: skip


def blocks() -> Iterator[tuple[str, str, str]]:
    return ((found[1], found[2], found[3]) for found in BLOCK.finditer(PAGE))


def loaded(text: str) -> Policy:
    return compile_policy(parse_policy(text, source="docs/policy-language.md"))


def cases_in(text: str) -> tuple[Case, ...]:
    findings = Findings()
    tree = read_source(text, findings=findings)
    assert tree is not None
    cases = read_cases(tree, findings=findings)
    assert findings.all() == ()
    return cases


def examples() -> Iterator[tuple[Policy, Case]]:
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
            for case in cases_in(text):
                assert latest is not None
                yield by_id[case.policy] if case.policy else latest, case


EXAMPLES = list(examples())


@pytest.mark.parametrize(("policy", "case"), EXAMPLES, ids=[str(number) for number in range(len(EXAMPLES))])
def test_every_case_on_the_page_comes_out_as_it_says(policy: Policy, case: Case) -> None:
    assert [str(each) for each in run_case(case, policy=policy).differences] == []


def test_the_page_has_examples_of_every_decision() -> None:
    assert {case.expected["decision"] for _, case in EXAMPLES} == {decision.value for decision in Decision}
    assert len(EXAMPLES) > 75


def test_every_block_is_one_that_is_executed() -> None:
    assert {kind for kind, _, _ in blocks()} == {"policy", "rules", "cases", "refused"}


@pytest.mark.parametrize(("codes", "text"), [(codes, text) for kind, codes, text in blocks() if kind == "refused"])
def test_what_the_page_says_is_refused_is_refused_for_that(codes: str, text: str) -> None:
    assert {found.code for found in problems_of(text)} == set(codes.split())


@pytest.mark.parametrize("word", sorted({str(word) for word in WORDS}))
def test_the_page_names_every_word_of_the_language(word: str) -> None:
    assert re.search(rf"`[^`]*\b{re.escape(word)}\b[^`]*`", PAGE)


def test_the_page_names_every_reason_that_the_engine_gives() -> None:
    table = PAGE.partition("| Code of a reason |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) == set(ReasonCode) - GIVEN_ELSEWHERE
