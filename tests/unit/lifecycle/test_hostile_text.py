"""The one renderer: nothing hides, nothing is pushed away, nothing is lost, nothing can imitate our own words."""

from __future__ import annotations

import json
import sys
import unicodedata
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.lifecycle.codepoints import DEFAULT_IGNORABLE, Sight, sight, spelled
from approvals.lifecycle.errors import RenderError
from approvals.lifecycle.render import (
    LINE_COST,
    MOST_BLANKS,
    MOST_MARKS,
    Token,
    TokenKind,
    _kind,
    is_complete,
    literal,
    plain,
    render,
    render_plain,
    render_value,
)
from receipts.signing.canonical import JSON, CanonicalError, canonical_bytes

IGNORABLE = [chr(code) for first, last in DEFAULT_IGNORABLE for code in range(first, last + 1)]
BIDI = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)]
HIDDEN_CATEGORIES = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}
BLANKS = [" ", "\t", "\u00a0", "\u2800", "\u2003", "\u3000", "\u202f"]

anything = st.characters(exclude_categories=())
nasty = st.sampled_from([*BIDI, *BLANKS, "\n", "\r", "\x1b", "\u0338", "\u200b", "\U000e0041", "⟦", "⟧", "\ud800", "ש"])
runs = st.builds(lambda char, times: char * times, nasty | anything, st.integers(1, 12))
hostile = st.lists(runs | st.text(), max_size=12).map("".join)


def kinds(text: str) -> list[TokenKind]:
    return [token.kind for token in render(text)]


def only(text: str) -> Token:
    (token,) = render(text)
    return token


@given(hostile, st.none() | st.integers(1, 300))
@example("", 1)
@example("\n", 1)
def test_the_exact_text_comes_back(text: str, limit: int | None) -> None:
    assert literal(render(text, limit=limit)) == text


@given(hostile, st.none() | st.integers(1, 300))
def test_no_text_token_holds_anything_that_a_reader_cannot_see(text: str, limit: int | None) -> None:
    for token in render(text, limit=limit):
        assert bool(token.label) is (token.kind is not TokenKind.TEXT)
        for char in token.shown:
            assert char in "\t\n" or unicodedata.category(char) not in HIDDEN_CATEGORIES
            assert unicodedata.category(char) != "Zs" or char == " "
            assert char not in "\u2800\u3164\uffa0\u115f\u1160\ufe0f"


@given(hostile)
def test_no_run_of_blanks_or_empty_lines_pushes_the_rest_away(text: str) -> None:
    shown = plain(render(text, limit=None))
    assert " " * (MOST_BLANKS + 1) not in shown.replace("\t", " ")
    assert "\n\n\n\n" not in shown


@given(hostile, st.none() | st.integers(1, 300))
def test_our_own_words_cannot_be_imitated(text: str, limit: int | None) -> None:
    tokens = render(text, limit=limit)
    ours = [token for token in tokens if token.kind is not TokenKind.TEXT]
    assert plain(tokens).count("⟦") == plain(tokens).count("⟧") == len(ours)
    assert all(token.label.startswith("⟦") and token.label.endswith("⟧") for token in ours)


@given(hostile, st.integers(100, 400))
def test_what_is_shown_stays_within_the_limit(text: str, limit: int) -> None:
    tokens = render(text, limit=limit)
    without_fold = [token for token in tokens if token.kind is not TokenKind.FOLD]
    # A mark that lost its letter to the fold is spelled out after it.
    spare = MOST_MARKS * 60 if len(without_fold) < len(tokens) else 0
    assert len(plain(without_fold)) <= limit + spare


@given(hostile)
def test_neighbouring_text_is_one_token(text: str) -> None:
    found = kinds(text)
    assert (TokenKind.TEXT, TokenKind.TEXT) not in pairwise(found)


@pytest.mark.case("DEC-05")
def test_every_default_ignorable_code_point_is_spelled_out() -> None:
    assert only("plain").kind is TokenKind.TEXT
    for char in IGNORABLE:
        before, pill, after = render(f"a{char}b")
        assert (before.text, after.text) == ("a", "b")
        assert pill.kind is TokenKind.PILL
        assert pill.label.startswith(f"⟦U+{ord(char):04X} ")


def test_the_table_of_ignorable_code_points_is_the_one_that_unicode_derives() -> None:
    """By its definition, DerivedCoreProperties.txt: format controls and variation selectors, less a few, and a list."""
    annotations = {*range(0xFFF9, 0xFFFC), *range(0x13430, 0x13456)}
    prepended = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    formats = {code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"}
    selectors = {*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
    listed = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9)}
    table = {ord(char) for char in IGNORABLE}
    assert formats - annotations - prepended <= table
    assert table == formats - annotations - prepended | selectors | listed | set(range(0xE0000, 0xE1000))
    assert len(IGNORABLE) == len(table) == 4174


@pytest.mark.case("DEC-04")
@pytest.mark.parametrize("char", BIDI)
def test_what_turns_the_text_around_is_named(char: str) -> None:
    text = f"pay{char}exe.fdp"
    assert plain(render("payexe.fdp")) == "payexe.fdp"
    assert plain(render(text)) == f"pay⟦U+{ord(char):04X} {unicodedata.name(char)}⟧exe.fdp"


@pytest.mark.case("DEC-04")
@pytest.mark.parametrize(
    "text", ["שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "Tiếng Việt", "日本語のテキスト", "a\tb\nc"]
)
def test_honest_writing_of_the_world_stays_readable(text: str) -> None:
    assert kinds("x\u200by") == [TokenKind.TEXT, TokenKind.PILL, TokenKind.TEXT]
    assert only(text) == Token(TokenKind.TEXT, text)
    decomposed = unicodedata.normalize("NFD", text)
    assert only(decomposed) == Token(TokenKind.TEXT, decomposed)


@pytest.mark.case("DEC-01", "DEC-03")
@pytest.mark.parametrize(
    "text",
    [
        "`code` *bold* _it_ ~no~ > quote",
        "<https://evil.example|Approve>",
        "<!channel> <@U123> &lt;!here&gt;",
        "<script>alert(1)</script><svg onload=x> {{ 7*7 }} {% x %}",
        "![x](https://evil.example/beacon.png)",
        "```\n</pre>",
    ],
)
def test_markup_is_text_byte_for_byte(text: str) -> None:
    assert only("hello").text == "hello"
    assert render(text) == render_value(text) == (Token(TokenKind.TEXT, text),)
    assert plain(render(text)).encode() == text.encode()


def test_hostile_brackets_become_pills() -> None:
    assert plain(render("✅ Approved by Security")) == "✅ Approved by Security"
    assert plain(render("⟦3 spaces⟧")) == (
        "⟦U+27E6 MATHEMATICAL LEFT WHITE SQUARE BRACKET⟧3 spaces⟦U+27E7 MATHEMATICAL RIGHT WHITE SQUARE BRACKET⟧"
    )


@pytest.mark.case("DEC-07")
@pytest.mark.parametrize(
    ("gap", "label"),
    [
        (" " * 5000, "⟦5,000 spaces⟧"),
        (" " * 9, "⟦9 spaces⟧"),
        ("\t" * 12, "⟦12 tabs⟧"),
        ("\u00a0" * 412, "⟦412 × U+00A0 NO-BREAK SPACE⟧"),
        ("\u2800" * 412, "⟦412 × U+2800 BRAILLE PATTERN BLANK⟧"),
        (" \u00a0\t\u2800" * 100, "⟦400 blanks⟧"),
        ("\u3164" * 412, "⟦412 × U+3164 HANGUL FILLER⟧"),
    ],
)
def test_a_long_gap_is_counted_and_the_dangerous_part_stays_in_sight(gap: str, label: str) -> None:
    assert plain(render("harmless" + " " * MOST_BLANKS + "drop")) == "harmless        drop"
    assert plain(render(f"harmless{gap}drop table")) == f"harmless{label}drop table"


@pytest.mark.case("DEC-07")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n\n\nb", "a\n\n\nb"),
        ("a\n\n\n\nb", "a\n⟦3 blank lines⟧b"),
        ("a" + "\n" * 5001 + "b", "a\n⟦5,000 blank lines⟧b"),
        ("a\r\n" + " \t\r\n" * 40 + "b", "a⟦U+000D CARRIAGE RETURN⟧\n⟦40 blank lines⟧b"),
        ("\n\n\nb", "⟦3 blank lines⟧b"),
        ("\n\nb", "\n\nb"),
    ],
)
def test_more_than_two_blank_lines_are_counted(text: str, shown: str) -> None:
    assert plain(render(text)) == shown


def test_a_few_blanks_other_than_the_space_are_spelled_one_by_one() -> None:
    assert plain(render("10\u00a0000")) == "10⟦U+00A0 NO-BREAK SPACE⟧000"
    assert plain(render("a \t b")) == "a \t b"


def test_a_few_hidden_characters_are_spelled_one_by_one_and_many_are_counted() -> None:
    assert kinds("\u200b" * MOST_BLANKS) == [TokenKind.PILL] * MOST_BLANKS
    assert only("\u200b" * 9).label == "⟦9 × U+200B ZERO WIDTH SPACE⟧"


def test_marks_stand_on_letters_and_never_on_our_labels() -> None:
    assert only("e\u0301").kind is TokenKind.TEXT
    assert kinds("e" + "\u0301" * MOST_MARKS) == [TokenKind.TEXT]
    assert plain(render("e" + "\u0301" * 500)) == "e⟦500 combining marks⟧"
    assert plain(render("\u202e\u0338x")) == ("⟦U+202E RIGHT-TO-LEFT OVERRIDE⟧⟦U+0338 COMBINING LONG SOLIDUS OVERLAY⟧x")
    assert plain(render("\u0338")) == "⟦U+0338 COMBINING LONG SOLIDUS OVERLAY⟧"


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0)])
def test_control_characters_have_the_names_of_unicode(code: int) -> None:
    name = spelled(chr(code)).partition(" ")[2]
    assert unicodedata.lookup(name) == chr(code)


@pytest.mark.parametrize(
    ("char", "words"),
    [
        ("\ud800", "U+D800 SURROGATE"),
        ("\ue000", "U+E000 PRIVATE USE"),
        ("\uffff", "U+FFFF UNASSIGNED"),
        ("\U000e0041", "U+E0041 TAG LATIN CAPITAL LETTER A"),
        ("\U000e0100", "U+E0100 VARIATION SELECTOR-17"),
        ("\U00100000", "U+100000 PRIVATE USE"),
    ],
)
def test_characters_without_a_name_are_called_by_their_kind(char: str, words: str) -> None:
    assert only(char) == Token(TokenKind.PILL, char, f"⟦{words}⟧")


def test_a_letter_without_a_name_in_the_database_can_still_be_spelled() -> None:
    tangut = "\U00017000"
    assert sight(tangut) is Sight.TEXT
    assert spelled(tangut).startswith("U+17000 ")


def test_long_text_is_folded_in_the_middle_with_head_and_tail_in_sight() -> None:
    text = "head " + "x" * 14_203 + " tail"
    assert is_complete(render(text, limit=None))
    head, fold, tail = render(text, limit=100)
    assert not is_complete((head, fold, tail))
    assert (head.text[:5], tail.text[-5:]) == ("head ", " tail")
    assert (len(head.text), len(tail.text)) == (50, 50)
    assert fold == Token(TokenKind.FOLD, text[50:-50], f"⟦{len(text) - 100:,} characters not shown⟧")


@given(hostile, st.integers(1, 300))
def test_what_is_shown_before_a_fold_is_how_the_whole_begins(text: str, limit: int) -> None:
    shown = render(text, limit=limit)
    head = [token for place, token in enumerate(shown) if is_complete(shown[: place + 1])]
    assert plain(render(text, limit=None)).startswith(plain(head))


@pytest.mark.parametrize("part", ["a\u202e", "\u200b\u200c", "e\u0301", "x\u00a0", "\u0430na ", "\n\n\n\n\u202e"])
def test_of_a_long_text_only_what_is_shown_is_looked_at(part: str) -> None:
    """A megabyte of what is slow to look at costs no more than the two ends of it."""

    def looks(value: JSON) -> int:
        before = _kind.cache_info()
        assert not is_complete(render_value(value, limit=2000))
        after = _kind.cache_info()
        return after.hits + after.misses - before.hits - before.misses

    text = part * (1_000_000 // len(part))
    assert looks(text) < 20_000
    assert looks({"a": [text, 1], "b": text}) < 40_000
    everything = _kind.cache_info()
    render(part * 5_000, limit=None)
    assert _kind.cache_info().hits - everything.hits >= 5_000, "the control: each character is looked at"


def test_text_that_just_fits_is_not_folded() -> None:
    assert is_complete(render("x" * 2000))
    assert render("x" * 2001)[1].label == "⟦1 character not shown⟧"


def test_many_short_lines_are_folded_too() -> None:
    tokens = render(".\n" * 1000, limit=420)
    assert plain(tokens).count("\n") <= 420 // LINE_COST
    assert not is_complete(tokens)


def test_a_fold_never_cuts_a_label() -> None:
    tokens = render("\u200b\u200c" * 500, limit=100)
    assert [token.kind for token in tokens] == [TokenKind.PILL, TokenKind.FOLD, TokenKind.PILL]


def test_a_mark_that_lost_its_letter_to_the_fold_is_spelled_out() -> None:
    tokens = render("x" * 50 + "e\u0301yz", limit=6)
    assert [token.kind for token in tokens] == [TokenKind.TEXT, TokenKind.FOLD, TokenKind.PILL, TokenKind.TEXT]


def test_head_and_tail_keep_something_even_in_no_space() -> None:
    assert plain(render("\u200bmiddle\u202e", limit=1)).startswith("⟦U+200B ZERO WIDTH SPACE⟧⟦6 characters")
    assert plain(render("\u200b", limit=1)) == "⟦U+200B ZERO WIDTH SPACE⟧"
    for limit in (0, -1):
        with pytest.raises(RenderError):
            render("x", limit=limit)


numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-(2**53) + 1, 2**53 - 1)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=20)
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
json_like = st.sampled_from(["", " ", "1", "-1.5e3", " true ", "null", "[", "{}", '"', '"a"', "false", "-", "1.", "٣"])


def nested(depth: int) -> JSON:
    value: JSON = "x"
    for _ in range(depth):
        value = [value]
    return value


def not_json(name: str) -> float:
    raise ValueError(name)


def read_back(shown: str) -> JSON:
    try:
        value: JSON = json.loads(shown, parse_constant=not_json)
    except ValueError:
        return shown
    return value


@given(values | json_like)
@example("NaN")
def test_a_displayed_value_reads_back_to_the_exact_canonical_bytes(value: JSON) -> None:
    shown = literal(render_value(value, limit=None))
    assert canonical_bytes(read_back(shown)) == canonical_bytes(value)


def test_values_of_different_types_never_look_alike() -> None:
    values: list[JSON] = [1, "1", True, "true", [1], None, "null", "", [], {}, "{}"]
    shown = [plain(render_value(value)) for value in values]
    assert len(set(shown)) == len(shown)
    assert shown[:4] == ["1", '"1"', "true", '"true"']


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1000000, "1000000"),
        (1e7, "10000000"),
        (1.0, "1"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (0.1, "0.1"),
        ("10.000,00", "10.000,00"),
        ("0x10", "0x10"),
        ("1e7", '"1e7"'),
    ],
)
def test_numbers_are_shown_digit_by_digit_without_a_guess(value: JSON, shown: str) -> None:
    assert plain(render_value(value)) == shown


def test_containers_are_canonical_json_over_several_lines() -> None:
    value: JSON = {"b": [1, {"z": "x\ny"}], "a": {}, "c": [], "\u202e": "\u200b"}
    assert plain(render_value(value)) == (
        '{\n  "a": {},\n  "b": [\n    1,\n    {\n      "z": "x\\ny"\n    }\n  ],\n  "c": [],\n'
        '  "⟦U+202E RIGHT-TO-LEFT OVERRIDE⟧": "⟦U+200B ZERO WIDTH SPACE⟧"\n}'
    )


def test_names_are_in_the_canonical_order_of_utf16() -> None:
    value: JSON = {"\U0001f600": 1, "\ufb33": 2, "a": 3}
    assert list(json.loads(literal(render_value(value)))) == ["a", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical_bytes(value))) == ["a", "\U0001f600", "\ufb33"]


def test_our_own_indentation_is_no_gap_but_one_inside_a_string_is() -> None:
    assert {token.kind for token in render_value(nested(20))} == {TokenKind.TEXT}
    assert plain(render_value([" " * 40 + "drop"])) == '[\n  "⟦40 spaces⟧drop"\n]'


def test_a_large_container_is_folded() -> None:
    tokens = render_value(list(range(1000)), limit=200)
    assert not is_complete(tokens)
    assert literal(tokens) == literal(render_value(list(range(1000)), limit=None))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [2**60], ["\ud800"]])
def test_what_has_no_canonical_form_is_refused(value: JSON) -> None:
    with pytest.raises(CanonicalError):
        render_value(value)


def test_endless_nesting_is_refused() -> None:
    assert plain(render_value(nested(64), limit=None)).count("[") == 64
    with pytest.raises(CanonicalError):
        render_value(nested(10_000))


@given(st.lists(hostile, max_size=4), st.none() | st.integers(1, 300))
def test_labels_within_a_sentence_of_ours_are_labels_again(values: list[str], limit: int | None) -> None:
    sentence = "".join(f"Sends to {plain(render(value))}." for value in values)
    tokens = render_plain(sentence, limit=None)
    assert plain(tokens) == sentence
    ours = [token for token in tokens if token.kind is not TokenKind.TEXT]
    assert all(token.shown.count("⟦") == 1 for token in ours)
    assert literal(render_plain(sentence, limit=limit)) == literal(tokens)


def test_brackets_that_are_no_label_are_spelled_out() -> None:
    assert plain(render_plain("a ⟦ b")) == plain(render("a ⟦ b"))
    assert [token.shown for token in render_plain("a ⟦12 spaces⟧ b")] == ["a ", "⟦12 spaces⟧", " b"]
