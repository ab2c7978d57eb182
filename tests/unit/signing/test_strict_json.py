"""The strict parser: what two parsers could read differently is read by none."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.signing.canonical import JSON, StrictJSONError, load_strict
from receipts.signing.strict_json import _FIXES, Fault


def fault_of(data: bytes, **limits: int) -> str:
    with pytest.raises(StrictJSONError) as caught:
        load_strict(data, **limits)
    assert caught.value.why
    assert caught.value.fix
    return caught.value.code


def seconds_for(data: bytes) -> float:
    """The processor's time for refusing it, the best of five."""
    found = []
    for _ in range(5):
        started = time.process_time()
        fault_of(data)
        found.append(time.process_time() - started)
    # What takes no time to speak of may take any multiple of it.
    return max(min(found), 1e-5)


@pytest.mark.case("API-01")
@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"x":{"a":1,"b":2,"a":3}}',
        b'[{"a":1,"a":2}]',
        b'{"a":1,"\\u0061":2}',
        b'{"\\ud83d\\ude00":1,"\xf0\x9f\x98\x80":2}',
        b'{"":1,"":2}',
    ],
)
def test_member_named_twice_is_refused_however_it_is_spelled(data: bytes) -> None:
    assert load_strict(b'{"a":{"a":1},"b":[{"a":1},{"a":2}],"A":1}') == {
        "a": {"a": 1},
        "b": [{"a": 1}, {"a": 2}],
        "A": 1,
    }
    assert fault_of(data) == Fault.DUPLICATE_KEY


@pytest.mark.case("API-02")
@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_a_number_is_refused(text: str) -> None:
    assert fault_of(f'{{"a":[{text}]}}'.encode()) == Fault.NOT_A_NUMBER


@pytest.mark.case("API-02")
@pytest.mark.parametrize("text", ["-0", "-0.0", "-0e5", "-1e-400"])
def test_negative_zero_becomes_zero(text: str) -> None:
    value = load_strict(text.encode())
    assert str(value) in {"0", "0.0"}


@pytest.mark.case("API-02", "API-03")
@pytest.mark.parametrize(
    "text",
    ["9007199254740992", "-9007199254740992", "9007199254740991.5", "9007199254740992.0", "1e16", "1e400", "-1e400"],
)
def test_numbers_that_lose_digits_are_refused(text: str) -> None:
    assert load_strict(b"[9007199254740991,-9007199254740991]") == [2**53 - 1, 1 - 2**53]
    assert fault_of(f"[{text}]".encode()) == Fault.NUMBER_OUT_OF_RANGE


@pytest.mark.case("API-04")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1" * 5_000, Fault.NUMBER_OUT_OF_RANGE),
        ("-" + "1" * 5_000, Fault.NUMBER_OUT_OF_RANGE),
        ("0." + "1" * 5_000, Fault.NUMBER_TOO_LONG),
        ("1" * 5_000 + "e-4990", Fault.NUMBER_TOO_LONG),
    ],
)
def test_number_of_5000_digits_is_refused_and_a_longer_one_takes_no_more_than_its_length(
    text: str, fault: Fault
) -> None:
    assert fault_of(text.encode()) == fault
    # Converting it would take the square: 10,000 times.
    assert seconds_for(text.replace("1" * 5_000, "1" * 500_000).encode()) < 2_000 * seconds_for(text.encode())


@pytest.mark.case("API-05")
@pytest.mark.parametrize("depth", [65, 1_000, 100_000])
@pytest.mark.parametrize(("opener", "closer"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_deep_nesting_is_refused_before_anything_recurses(depth: int, opener: str, closer: str) -> None:
    nested = f"{opener * 32}1{closer * 32}".encode()
    assert load_strict(nested) is not None
    assert fault_of((opener * depth + "1" + closer * depth).encode(), max_members=10**6) == Fault.TOO_DEEP
    assert fault_of((opener * depth).encode(), max_members=10**6) == Fault.TOO_DEEP


@pytest.mark.case("API-05")
def test_depth_64_is_the_last_that_is_read() -> None:
    value: JSON = load_strict(b"[" * 64 + b"]" * 64)
    for _ in range(64):
        assert isinstance(value, list)
        value = value[0] if value else None
    assert fault_of(b"[" * 65 + b"]" * 65) == Fault.TOO_DEEP


def test_brackets_and_commas_in_strings_count_for_nothing() -> None:
    text = '[["' + '[{,\\"' * 200 + '"],' + "[]," * 99 + "0]"
    assert load_strict(text.encode(), max_members=300) == [['[{,"' * 200], *[[]] * 99, 0]


def test_unbalanced_brackets_are_left_to_the_parser() -> None:
    assert fault_of(b"[]]" + b"[" * 70) == Fault.INVALID_JSON
    assert fault_of(b"[}" * 70) == Fault.INVALID_JSON


@pytest.mark.parametrize("data", [b"[" + b"1," * 10_000 + b"1]", b"[" + b"{}," * 5_001 + b"1]"])
def test_too_many_members_are_refused_before_they_are_built(data: bytes) -> None:
    assert load_strict(b"[" + b"1," * 9_998 + b"1]") == [1] * 9_999
    assert fault_of(data) == Fault.TOO_MANY_MEMBERS
    assert load_strict(data, max_members=20_000) == json.loads(data)


@pytest.mark.parametrize(
    "data", [b'"' + b'\\"' * 500_000, b'"\\\\' * 300_000, b'["' + b"\\" * 1_000_001, b'""' * 500_000]
)
def test_long_broken_strings_take_linear_time(data: bytes) -> None:
    assert fault_of(b"[" * 65 + data)
    # The square would be 64 times.
    assert seconds_for(b"[" * 65 + data) < 32 * seconds_for(b"[" * 65 + data[: len(data) // 8])


@pytest.mark.case("API-07")
@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b'"\\ud800"', Fault.LONE_SURROGATE),
        (b'"\\udc00"', Fault.LONE_SURROGATE),
        (b'"\\ude00\\ud83d"', Fault.LONE_SURROGATE),
        (b'"\\ud83d\\ud83d\\ude00"', Fault.LONE_SURROGATE),
        (b'"\\\\\\ud83d"', Fault.LONE_SURROGATE),
        (b'"\\\\ud83d\\ude00"', Fault.LONE_SURROGATE),
        (b'{"\\uDFFF":1}', Fault.LONE_SURROGATE),
        (b'"\xed\xa0\x80"', Fault.INVALID_ENCODING),
        (b'"\xff"', Fault.INVALID_ENCODING),
        (b'"\xc0\xaf"', Fault.INVALID_ENCODING),
        (b'"\xe2\x82"', Fault.INVALID_ENCODING),
        (b'"\xf4\x90\x80\x80"', Fault.INVALID_ENCODING),
        ('{"a":1}'.encode("utf-8-sig"), Fault.BYTE_ORDER_MARK),
        ('{"a":1}'.encode("utf-16"), Fault.BYTE_ORDER_MARK),
        ('{"a":1}'.encode("utf-32"), Fault.BYTE_ORDER_MARK),
        (b"\xfe\xff\x00{\x00}", Fault.BYTE_ORDER_MARK),
        (b"\x00\x00\xfe\xff\x00\x00\x00{", Fault.BYTE_ORDER_MARK),
        ('{"a":1}'.encode("utf-16-le"), Fault.INVALID_ENCODING),
        ('{"a":1}'.encode("utf-32-be"), Fault.INVALID_ENCODING),
    ],
)
def test_text_that_is_not_clean_utf8_is_refused(data: bytes, fault: Fault) -> None:
    assert load_strict(b'"\\ud83d\\ude00 \xf0\x9f\x98\x80 \\\\ud800"') == "\U0001f600 \U0001f600 \\ud800"
    assert fault_of(data) == fault


@pytest.mark.case("API-08")
@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b'"a\\u0000b"', Fault.NUL_CHARACTER),
        (b'{"\\u0000":1}', Fault.NUL_CHARACTER),
        (b'"\\\\\\u0000"', Fault.NUL_CHARACTER),
        (b'"\x00"', Fault.INVALID_ENCODING),
        (b'"a"\x00', Fault.INVALID_ENCODING),
    ],
)
def test_the_nul_character_is_refused_anywhere(data: bytes, fault: Fault) -> None:
    assert load_strict(b'"\\\\u0000 and \\u0001"') == "\\u0000 and \x01"
    assert fault_of(data) == fault


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"[1,]",
        b'{"a":1,}',
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"'a'",
        b"tru",
        b'"\t"',
        b"1 2",
        b"{} {}",
        b"\x0c1",
    ],
)
def test_what_rfc_8259_does_not_allow_is_refused(data: bytes) -> None:
    assert fault_of(data) == Fault.INVALID_JSON


def test_every_fault_says_how_to_mend_it() -> None:
    assert set(_FIXES) == set(Fault)


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text("ab€", max_size=3), inner))


@given(_VALUES)
def test_whatever_it_accepts_is_what_the_standard_library_reads(value: JSON) -> None:
    assert load_strict(json.dumps(value).encode()) == value
    assert load_strict(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@given(st.binary(max_size=60) | st.text('[]{}",:\\u0d8 \n-1e.', max_size=60).map(str.encode))
def test_arbitrary_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    try:
        value = load_strict(data)
    except StrictJSONError:
        return
    assert json.loads(data) == value
