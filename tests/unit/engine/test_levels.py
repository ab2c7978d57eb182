"""The level of what a session has touched, and what policies say about levels."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from decisions.engine.classify import Search
from decisions.engine.levels import STANDARD_LEVELS, Grading, levels_of
from decisions.engine.verdict import Decision
from receipts.signing.canonical import JSON
from tests.unit.engine.scenes import policy_in, problems_of, ruling

BARE = 'policy: {id: a, version: "1"}\nrules: []\n'
LOW_TO_HIGH = ("LOW", "MIDDLE", "HIGH")


@pytest.mark.parametrize(
    ("labels", "level"),
    [
        ([], "PUBLIC"), (["PUBLIC"], "PUBLIC"), (["internal", "PUBLIC"], "INTERNAL"), (["PII"], "CONFIDENTIAL"),
        (["INTERNAL", "pii"], "CONFIDENTIAL"), (["PCI"], "RESTRICTED"), (["PHI"], "RESTRICTED"),
        (["SECRET"], "RESTRICTED"), (["PUBLIC", "NOT_CLASSIFIED"], "RESTRICTED"), (["CUSTOMERS"], "RESTRICTED"),
    ],
)  # fmt: skip
def test_what_has_no_level_counts_as_the_highest(labels: list[str], level: str) -> None:
    assert STANDARD_LEVELS.level_of(labels) == level


@pytest.mark.parametrize(
    ("grading", "labels", "level"),
    [
        (Grading(), ["PII"], "HIGH"), (Grading(unclassified="LOW"), ["PII"], "LOW"),
        (Grading(kinds=(("PII", "MIDDLE"),)), ["pii"], "MIDDLE"), (Grading(kinds=(("PII", "LOW"),)), ["PCI"], "HIGH"),
        (Grading(kinds=(("PII", "LOW"),), unclassified="MIDDLE"), ["NOT_CLASSIFIED"], "MIDDLE"),
        (Grading(unclassified="LOW"), ["MIDDLE", "PII"], "MIDDLE"), (Grading(unclassified="HIGH"), [], "LOW"),
    ],
)  # fmt: skip
def test_a_policy_grades_kinds_and_the_unclassified_on_its_own_levels(
    grading: Grading, labels: list[str], level: str
) -> None:
    assert levels_of(LOW_TO_HIGH, grading=grading).level_of(labels) == level


def test_the_standard_kinds_keep_their_levels_where_only_one_is_said() -> None:
    levels = levels_of(STANDARD_LEVELS.names, grading=Grading(kinds=(("PII", "INTERNAL"),)))
    assert (levels.level_of(["PII"]), levels.level_of(["SECRET"])) == ("INTERNAL", "RESTRICTED")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{}", "missing_key"), ("[PII]", "wrong_type"), ("{levels: [A]}", "unknown_key"),
        ("{unclassified: LOW}", "unknown_value"), ("{unclassified: 7}", "unknown_value"),
        ("{unclassified: [PUBLIC]}", "unknown_value"),
        ("{kinds: PII}", "wrong_type"), ("{kinds: {PII: HIGH}}", "unknown_value"), ("{kinds: {7: PUBLIC}}", "key_type"),
        ("{kinds: {a b: PUBLIC}}", "wrong_type"), ("{kinds: {PII: PUBLIC, pii: INTERNAL}}", "duplicate_level"),
        ("{kinds: {internal: PUBLIC}}", "duplicate_level"), ("{kinds: {not_classified: PUBLIC}}", "reserved_label"),
    ],
)  # fmt: skip
def test_a_classification_is_read_strictly(said: str, code: str) -> None:
    assert code in [found.code for found in problems_of(f"{BARE}classification: {said}\n")]


def test_the_mark_of_the_unclassified_is_no_level() -> None:
    # UNCLASSIFIED is the lowest level of many, so it may be one.
    policy_in("levels: [UNCLASSIFIED, SECRET]")
    assert [found.code for found in problems_of(f"{BARE}levels: [LOW, Not_Classified]\n")] == ["reserved_label"]


def test_rules_read_the_level_that_the_policy_gives() -> None:
    rules = """
        - {id: all, match: any, action: ALLOW}
        - {id: out, match: {context: {data_classification: {higher_than: INTERNAL}}}, action: DENY, priority: 1}
    """
    for said, decision in [("{unclassified: INTERNAL}", Decision.ALLOW), ("{unclassified: RESTRICTED}", Decision.DENY)]:
        policy = policy_in(f"classification: {said}", rules=rules)
        assert ruling(policy, "web.put", data_kinds=frozenset({"NOT_CLASSIFIED"})).decision is decision
        assert ruling(policy, "web.put").decision is Decision.ALLOW


def test_parameters_are_searched_once_and_again_when_a_rule_has_changed_them(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policy_in(
        "categories: {}",
        rules="""
            - {id: masks, match: {context: {parameter_kinds: PCI}}, action: MODIFY, modifications: {redact: [card]}}
            - {id: sends, match: {context: {parameter_kinds: {not_contains: PCI}}}, action: ALLOW}
            - {id: mails, match: {context: {parameter_kinds: PHI}}, action: DENY}
        """,
    )
    searched: list[dict[str, JSON]] = []
    real = Search.kinds_in

    def watched(self: Search, value: Mapping[str, JSON]) -> frozenset[str]:
        if value is not self._value:
            searched.append(dict(value))
        return real(self, value)

    monkeypatch.setattr(Search, "kinds_in", watched)
    found = ruling(policy, "shop.pay", {"card": "4111111111111111"})
    assert (found.decision, found.rule_id) == (Decision.MODIFY, "masks")
    assert [len(each) for each in searched] == [1, 1]
    assert searched[0] != searched[1] == found.parameters
