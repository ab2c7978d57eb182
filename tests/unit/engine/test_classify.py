"""The detectors, measured on labelled examples and bounded on hostile texts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.classify import detect_kinds
from decisions.engine.detectors import phones
from decisions.engine.detectors.table import DETECTORS, KINDS, detectors_for
from receipts.signing.canonical import JSON
from tests.unit.engine.labelled import LABELLED
from tests.unit.engine.labelled.example import Example

# Of the whole set, by kind: precision, recall. `docs/data-classification.md` has what was measured.
FLOORS = {"PII": (0.99, 0.93), "PHI": (0.99, 0.88), "PCI": (0.98, 0.98), "SECRET": (0.98, 0.90)}
MEBIBYTE = 1 << 20
# Two mebibytes to one, by the processor's time. A quadratic step would take four times as long.
MOST_GROWTH = 2.6

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def outcomes(examples: Iterable[Example], *, kind: str) -> Counter[str]:
    """How many of the examples were labelled rightly, wrongly, or not at all."""
    count: Counter[str] = Counter()
    for example in examples:
        is_found, is_there = kind in detect_kinds(example.text), kind in example.kinds
        count += Counter(right=is_found and is_there, wrong=is_found > is_there, missed=is_found < is_there)
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_precision_and_recall_are_what_the_documentation_says(kind: str) -> None:
    count = outcomes(LABELLED, kind=kind)
    precision, recall = FLOORS[kind]
    assert count["right"] + count["missed"] >= 300
    assert count["right"] / (count["right"] + count["wrong"]) >= precision
    assert count["right"] / (count["right"] + count["missed"]) >= recall


def test_every_detector_is_measured() -> None:
    measured = {example.about for example in LABELLED}
    assert {each.name for each in DETECTORS} - measured == {"in_pan", "jp_my_number"}


def test_a_sign_never_hides_what_its_detector_finds() -> None:
    for example in LABELLED[::5]:
        text = example.text.encode()
        found = {each.name for each in DETECTORS if each.occurs(text)}
        assert found == {each.name for each in detectors_for(text) if each.occurs(text)}


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
    assert detect_kinds(value) <= set(KINDS)


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
    "tokens with a wrong checksum": f"ghp_{'a' * 36} " * (MEBIBYTE // 41),
    "passwords": "password: aaaaaaaaaaa, " * (MEBIBYTE // 23),
    "names of secrets": "secret_token_api_key " * (MEBIBYTE // 21),
    "signed tokens": f"eyJaaaaaaaaaa.eyJaaaaaaaaa.{'a' * 20} " * (MEBIBYTE // 48),
    "endless header": "eyJ" + "a" * MEBIBYTE,
    "beginnings of keys": "-----BEGIN PRIVATE KEY-----\n" * (MEBIBYTE // 28),
    "halves of keys": "kty d: " * (MEBIBYTE // 7),
    "patients": "patient has " * (MEBIBYTE // 12),
    "names": "Dora Keller " * (MEBIBYTE // 12),
    "introduced identities": "ssn 000 00 0000 " * (MEBIBYTE // 16),
    "eleven digits": "12345678901 " * (MEBIBYTE // 12),
    "addresses without an end": "a://b:" * (MEBIBYTE // 6),
    "prose": "The quick brown fox jumps over 13 lazy dogs. " * (MEBIBYTE // 45),
}


FOUND_IN_TOO_MUCH = {"numbers that no plan knows", "introduced numbers"}


def seconds_for(text: str) -> tuple[float, frozenset[str]]:
    """The processor's time for a text, and what is found in it."""
    started = time.process_time()
    kinds = detect_kinds(text)
    return time.process_time() - started, kinds


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_text_takes_twice_the_time(name: str) -> None:
    check_growth(name, size=MEBIBYTE // 8)


@pytest.mark.nightly
@pytest.mark.parametrize("name", HOSTILE)
def test_two_mebibytes_take_twice_the_time_of_one(name: str) -> None:
    check_growth(name, size=MEBIBYTE)


def check_growth(name: str, *, size: int) -> None:
    """Asserts that twice `size` takes about twice the time, and that nothing wrong is found."""
    whole = HOSTILE[name] * (2 * size // MEBIBYTE or 1)
    # A machine that slows down between the two spoils one pair; what grows too fast does so in every one.
    for _ in range(4):
        shorter, _ = seconds_for(whole[:size])
        longer, kinds = seconds_for(whole[: 2 * size])
        # What takes no time to speak of may take any multiple of it.
        if longer / max(shorter, 0.01) <= MOST_GROWTH:
            break
    else:
        pytest.fail(f"{longer:.3f} s for twice of what took {shorter:.3f} s.")
    # More candidates than are looked up count as found; everything else here is nothing.
    assert kinds == ({"PII"} if name in FOUND_IN_TOO_MUCH else set())


def test_too_many_candidates_count_as_found_and_one_fewer_does_not() -> None:
    unknown = "+1 555 123 4567\n"
    tries = len(list(phones._candidates(unknown.encode())))
    enough = phones.MOST_CHECKED // tries
    assert detect_kinds(unknown * enough) == set()
    assert detect_kinds(unknown * (enough + 1)) == {"PII"}
