"""The detector of personal data, measured on labelled strings and bounded on hostile ones."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.classify import detect_kinds
from decisions.engine.detectors import phones
from receipts.signing.canonical import JSON
from tests.unit.engine.labelled_strings import LABELLED

PRECISION_FLOOR = 0.96
RECALL_FLOOR = 0.88
MEBIBYTE = 1 << 20
# Of the processor: one adversarial mebibyte takes about a second, and a quadratic step would take hours.
SECONDS = 20.0

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def outcomes() -> Counter[str]:
    """How many labels were found rightly, wrongly, or missed; one string can count twice."""
    count: Counter[str] = Counter()
    for text, labels in LABELLED:
        found = detect_kinds(text)
        count += Counter(right=len(found & labels), wrong=len(found - labels), missed=len(labels - found))
    return count


def test_precision_and_recall_are_what_the_documentation_says() -> None:
    count = outcomes()
    assert len(LABELLED) >= 60
    assert count["right"] / (count["right"] + count["wrong"]) >= PRECISION_FLOOR
    assert count["right"] / (count["right"] + count["missed"]) >= RECALL_FLOOR


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ({"phone_number": "(202) 555-0143"}, {"PII"}),
        ({"number": "(202) 555-0143"}, set()),
        ({"card": 4111111111111111}, {"PCI", "PII"}),
        ({"share": 0.4111111111111111, "ok": True, "none": None}, set()),
        ([[{"rows": [{"mail": "dora@customer.example"}]}]], {"PII"}),
        ({"dora@customer.example": 1}, {"PII"}),
        ({"phones": ["Tel. 030 901820"]}, {"PII"}),
        (["4111 1111", "1111 1111"], set()),
        (4111111111111111, {"PCI", "PII"}),
        (None, set()),
        (True, set()),
        ({}, set()),
    ],
)
def test_values_are_searched_member_by_member(value: JSON, kinds: set[str]) -> None:
    assert detect_kinds(value) == kinds


@given(JSON_VALUES)
def test_the_detector_is_total(value: JSON) -> None:
    assert detect_kinds(value) <= {"PII", "PCI"}


def test_depth_is_no_obstacle() -> None:
    value: JSON = "dora@customer.example"
    for _ in range(50_000):
        value = [value]
    assert detect_kinds(value) == {"PII"}


def test_half_a_surrogate_pair_hides_nothing() -> None:
    assert detect_kinds("\ud800 dora@customer.example") == {"PII"}


HOSTILE = {
    "one run of digits": "4" * MEBIBYTE,
    "single digits": "1 " * (MEBIBYTE // 2),
    "groups of four": "4111 " * (MEBIBYTE // 5),
    "starts of accounts": "DE89 " * (MEBIBYTE // 5),
    "accounts with a wrong digit": "DE88370400440532013000 " * (MEBIBYTE // 23),
    "local parts": "a@" * (MEBIBYTE // 2),
    "endless domain": "a@" + "b." * (MEBIBYTE // 2),
    "schemes": "http://" * (MEBIBYTE // 7),
    "numbers that no plan knows": "+1 555 123 4567 " * (MEBIBYTE // 16),
    "introductions": "phone " * (MEBIBYTE // 6),
    "introduced numbers": "tel 000000000 " * (MEBIBYTE // 14),
    "a letter that unfolds": "\ufdfa" * (MEBIBYTE // 3),
    "prose": "The quick brown fox jumps over 13 lazy dogs. " * (MEBIBYTE // 45),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_mebibyte_takes_bounded_time(name: str) -> None:
    started = time.process_time()
    kinds = detect_kinds(HOSTILE[name])
    assert time.process_time() - started < SECONDS
    # More candidates than are looked up count as found; everything else here is nothing.
    assert kinds == ({"PII"} if name in ("numbers that no plan knows", "introduced numbers") else set())


def test_too_many_candidates_count_as_found_and_one_fewer_does_not() -> None:
    unknown = "+1 555 123 4567\n"
    tries = len(list(phones._candidates(unknown.encode())))
    enough = phones.MOST_CHECKED // tries
    assert detect_kinds(unknown * enough) == set()
    assert detect_kinds(unknown * (enough + 1)) == {"PII"}
