"""Canonical bytes and the digests that are taken of them."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import struct
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from receipts.signing.canonical import (
    CanonicalError,
    action_digest,
    canonical_bytes,
    commitment,
    digest,
    field_salt,
    load_strict,
    request_digest,
    sha256_digest,
)


class Colour(StrEnum):
    RED = "red"


# RFC 8785 appendix B: the bits of a double and its text.
RFC_NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


def double(bits: str) -> float:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    return float(value)


@pytest.mark.case("RCP-13")
@pytest.mark.parametrize(("bits", "text"), RFC_NUMBERS.items())
def test_numbers_of_rfc_8785_appendix_b(bits: str, text: str) -> None:
    assert canonical_bytes({"n": double(bits)}) == f'{{"n":{text}}}'.encode()


@pytest.mark.case("RCP-13")
def test_numbers_as_ecmascript_writes_them(vectors: Path) -> None:
    numbers = json.loads((vectors / "es6-numbers.json").read_text())["numbers"]
    assert len(numbers) == 400
    assert [(bits, canonical_bytes(double(bits)).decode()) for bits, _ in numbers] == [tuple(pair) for pair in numbers]


@pytest.mark.case("RCP-13")
def test_literals_strings_and_numbers_of_rfc_8785_section_3_2_2() -> None:
    source = rb"""{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"""
    expected = (
        '{"literals":[null,true,false],'
        '"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical_bytes(json.loads(source)) == expected.encode()


@pytest.mark.case("RCP-13")
def test_names_are_sorted_by_utf16_units_as_in_rfc_8785_section_3_2_3() -> None:
    source = (
        rb'{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",'
        rb'"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}'
    )
    written = canonical_bytes(load_strict(source))
    assert list(json.loads(written)) == ["\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]
    assert written.startswith(b'{"\\r":"Carriage Return","1":"One","\xc2\x80":"Control"')


@pytest.mark.case("RCP-13")
def test_text_is_neither_normalised_nor_escaped_more_than_needed() -> None:
    composed, decomposed = "\u00e9", "e\u0301"
    assert (
        canonical_bytes([composed, decomposed, "\x7f", "\u2028", "</"])
        == '["é","e\u0301","\x7f","\u2028","</"]'.encode()
    )
    controls = "".join(map(chr, range(32)))
    assert canonical_bytes(controls) == rfc8785.dumps(controls)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        2**53,
        -(2**53),
        10**5_000,
        "\ud800",
        {"\ud800": 1},
        {"a": {"€": "\udfff"}},
        {1: 2},
        {None: 1},
        {"a", "b"},
        b"bytes",
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    assert canonical_bytes([1]) == b"[1]"
    with pytest.raises(CanonicalError):
        canonical_bytes([value])


def test_values_nested_without_end_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(CanonicalError):
        canonical_bytes(endless)


def test_accepted_values_may_be_wrapped_in_records() -> None:
    value: object = 0
    for _ in range(90):
        value = {"a": [value]}
    assert canonical_bytes(value) == b'{"a":[' * 90 + b"0" + b"]}" * 90


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.floats(1e-5, 1e16) | st.integers(0, 10**6).map(float)
_SCALARS = st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | _FLOATS | _TEXTS | st.just(Colour.RED)
_NAMES = (
    _TEXTS | st.text(st.characters(codec="ascii"), max_size=6) | st.sampled_from(["\U0001f600", "\ufb33", Colour.RED])
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(_NAMES, inner), max_leaves=30
)


@pytest.mark.case("RCP-13")
@given(_VALUES)
def test_the_fast_path_writes_what_the_reference_library_writes(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


_READABLE = st.recursive(
    st.booleans()
    | st.floats(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("aé€\U0001f600\ufb33", max_size=3), inner),
    max_leaves=20,
)


@given(_READABLE)
def test_canonical_bytes_read_again_give_themselves(value: Any) -> None:
    written = canonical_bytes(value)
    assert canonical_bytes(load_strict(written)) == written


@pytest.mark.case("APR-02")
def test_spelling_does_not_change_a_digest() -> None:
    spellings = [
        b'{"a":1,"b":"\\u00e9"}',
        b'{ "b" : "\xc3\xa9",\n"a" : 1 }',
        b'{"b":"\\u00E9","a":1.0}',
        b'{"b":"\\u00e9","a":1e0}',
    ]
    assert len({digest(load_strict(spelling)) for spelling in spellings}) == 1


@pytest.mark.case("APR-03")
def test_types_change_a_digest_and_spellings_of_a_number_do_not() -> None:
    assert len({digest({"a": value}) for value in (1, "1", True, [1], None, {"1": 1})}) == 6
    assert digest({"a": 1}) == digest({"a": 1.0})


def test_request_digest_is_what_a_client_can_compute() -> None:
    text = '{"operation":"send","parameters":{"b":1,"ä":[]},"session_id":"ses_1","tool":"email"}'
    found = request_digest(session_id="ses_1", tool="email", operation="send", parameters={"ä": [], "b": 1})
    assert found == sha256_digest(text.encode()) == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_action_digest_hides_the_action_behind_its_nonce() -> None:
    nonce = bytes(range(32))
    text = b'{"operation":"send","parameters":{},"tool":"email"}'
    found = action_digest(nonce=nonce, tool="email", operation="send", parameters={})
    assert found == sha256_digest(b"aarm/action/v1\x00" + nonce + text)
    assert found != action_digest(nonce=bytes(32), tool="email", operation="send", parameters={})


def test_commitment_binds_path_salt_and_value() -> None:
    salt = bytes(range(32))
    found = commitment("/é", salt=salt, value={"a": 1})
    assert found == sha256_digest(b"aarm/commit/v1" + b"\x00\x00\x00\x03" + "/é".encode() + salt + b'{"a":1}')
    others = [
        commitment("/e", salt=salt, value={"a": 1}),
        commitment("/é", salt=bytes(32), value={"a": 1}),
        commitment("/é", salt=salt, value={"a": "1"}),
    ]
    assert len({found, *others}) == 4


def test_the_salt_of_one_field_tells_nothing_about_another() -> None:
    seed = bytes(range(32))
    expected = hmac.new(seed, b"aarm/salt/v1\x00\x00\x00\x02/a", hashlib.sha256).digest()
    assert field_salt(seed, "/a") == expected
    assert len({field_salt(seed, "/a"), field_salt(seed, "/b"), field_salt(bytes(32), "/a")}) == 3


@pytest.mark.parametrize("length", [0, 31, 33])
def test_secrets_of_another_length_are_refused(length: int) -> None:
    secret = bytes(length)
    for use in (
        lambda: field_salt(secret, "/a"),
        lambda: commitment("/a", salt=secret, value=1),
        lambda: action_digest(nonce=secret, tool="a", operation="b", parameters={}),
    ):
        with pytest.raises(CanonicalError, match=f"{length} bytes"):
            use()


def test_a_path_that_is_not_text_is_refused() -> None:
    with pytest.raises(CanonicalError):
        field_salt(bytes(32), "\ud800")
