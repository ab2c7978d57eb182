"""Warnings about text that may not be what it seems."""

from __future__ import annotations

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.lifecycle.codepoints import BIDI_CONTROLS
from approvals.lifecycle.deception import LOOKS_LATIN, MOST_OF_A_KIND, MOST_OF_A_VALUE, flags, value_flags

HONEST = [
    "Send the Q4 deck to ana@partner.example, please.",
    "привет, как дела? о том, о сём",
    "שלום עולם",
    "Καλημέρα κόσμε, ο καιρός",
    "naïve café, 5 km², nº 3, ① first",
    "日本語のテキスト。",
    "/srv/résumé.pdf",
    "line\r\nline\r\n",
    "⟦brackets⟧",
    "",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_text_earns_no_warning(text: str) -> None:
    assert flags(text) == ()


@pytest.mark.case("DEC-04")
@pytest.mark.parametrize("char", sorted(BIDI_CONTROLS))
def test_what_changes_the_direction_is_named(char: str) -> None:
    assert flags("pay bob") == ()
    assert flags(f"pay {char}bob") == (
        f"Changes the direction in which text is shown: 1 × U+{ord(char):04X} {unicodedata.name(char)}.",
    )


def test_invisible_characters_are_counted_and_named() -> None:
    assert flags("a\u200b\u200bb\u00ad") == (
        "Contains characters that cannot be seen: 1 × U+00AD SOFT HYPHEN, 2 × U+200B ZERO WIDTH SPACE.",
    )
    (flag,) = flags("".join(map(chr, range(0xE0061, 0xE007B))))
    assert flag.endswith(f" and {26 - MOST_OF_A_KIND} other kinds.")


@pytest.mark.case("DEC-06")
@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("pаypal", "“pаypal” mixes Cyrillic and Latin letters."),
        ("p\u200bа\u0301ypal", "“pаypal” mixes Cyrillic and Latin letters."),
        ("αdmin", "“αdmin” mixes Greek and Latin letters."),
        ("сео@corp.example", "“сео” only looks like “ceo”: its letters are Cyrillic."),
        ("ｐａｙｐａｌ", "“ｐａｙｐａｌ” is written in unusual forms of the letters “paypal”."),
        ("𝐚𝐩𝐩𝐫𝐨𝐯𝐞", "“𝐚𝐩𝐩𝐫𝐨𝐯𝐞” is written in unusual forms of the letters “approve”."),
    ],
)
def test_look_alike_words_are_named_with_their_scripts(text: str, flag: str) -> None:
    assert flags("paypal ceo@corp.example admin approve") == ()
    assert flag in flags(text)


def test_a_word_that_only_looks_latin_is_believed_among_honest_words_of_its_script() -> None:
    assert flags("сор") != ()
    assert flags("чистый сор") == ()
    assert flags("Ωμέγα сор") != ()


def test_the_look_alike_letters_are_what_they_claim() -> None:
    for code, target in LOOKS_LATIN.items():
        assert unicodedata.name(chr(code)).split()[0] in {"CYRILLIC", "GREEK"}
        assert isinstance(target, int)
        assert unicodedata.name(chr(target)).startswith("LATIN")


@pytest.mark.case("DEC-06")
@pytest.mark.parametrize(
    ("text", "flag"),
    [
        (
            "https://аррӏе.com/login",
            "As a host, “аррӏе.com” is “xn--80ak6aa92e.com” in ASCII: its letters are Cyrillic and Latin.",
        ),
        (
            "to xn--80ak6aa92e.com",
            "The host “xn--80ak6aa92e.com” is shown as “аррӏе.com” by browsers: its letters are Cyrillic and Latin.",
        ),
        (
            "eve@bücher.example.",
            "As a host, “bücher.example” is “xn--bcher-kva.example” in ASCII: its letters are Latin.",
        ),
        (
            "“Bücher。example”",
            "As a host, “Bücher。example” is “xn--bcher-kva.example” in ASCII: its letters are Latin.",
        ),
        ("भारत.भारत", "As a host, “भारत.भारत” is “xn--h2brj9c.xn--h2brj9c” in ASCII: its letters are Devanagari."),
        ("日本.example", "As a host, “日本.example” is “xn--wgv71a.example” in ASCII: its letters are Han and Latin."),
        ("a\u200bé.com", "As a host, “aé.com” is “xn--a-bga.com” in ASCII: its letters are Latin."),
    ],
)
def test_international_hosts_are_shown_in_both_forms(text: str, flag: str) -> None:
    assert flags("https://apple.com/login eve@books.example.") == ()
    assert flag in flags(text)


@pytest.mark.parametrize(
    "text",
    [
        "é",
        ".é",
        "é..é",
        "é!.example",
        "é…x.example",
        "a" * 64 + "é.example",
        ".".join(["é"] * 200),
        "/srv/é.txt",
    ],
)
def test_what_can_be_no_host_is_none(text: str) -> None:
    assert any("As a host" in flag for flag in flags("é.example"))
    assert not any("As a host" in flag for flag in flags(text))


@pytest.mark.parametrize("label", ["xn--99999999", "xn--é", "xn--a", "xn--"])
def test_a_coded_label_that_stands_for_nothing_sound_is_left_as_it_is(label: str) -> None:
    assert not any("\x80" in flag for flag in flags(f"{label}.example"))
    assert f"{label}.example" in " ".join(flags(f"{label}.example"))


def test_warnings_are_few_and_short_however_long_the_text() -> None:
    many = flags(" ".join(f"{first}{second}{'а' * 60}" for first, second in product("abcdefghij", repeat=2)))
    assert len(many) == MOST_OF_A_KIND + 1
    assert many[-1] == f"{100 - MOST_OF_A_KIND} more warnings like this."
    assert max(map(len, many)) < 200


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("xn-.аé\u202e//@ ")))
def test_no_warning_carries_what_it_warns_of(text: str) -> None:
    for flag in flags(text):
        assert not any(unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"} for char in flag)


def test_the_warnings_of_a_value_cover_names_and_nested_strings_once() -> None:
    assert value_flags({"to": ["ana@partner.example", 7, None]}) == ()
    found = value_flags({"tо": [{"x": "pаypal"}, "pаypal", 7, None]})
    assert found == ("“tо” mixes Cyrillic and Latin letters.", "“pаypal” mixes Cyrillic and Latin letters.")
    assert len(value_flags([f"p{'а' * number}" for number in range(1, 200)])) == MOST_OF_A_VALUE + 1
