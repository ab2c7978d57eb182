"""Text from outside on a web page: escaped, isolated, never interpreted, nothing of it hidden for good."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from approvals.lifecycle.codepoints import DEFAULT_IGNORABLE
from approvals.lifecycle.render import render
from receipts.signing.canonical import JSON

TAGS = ("untrusted", "untrusted_text", "untrusted_value")
OUR_ELEMENTS = {"bdi", "span", "svg", "use", "details", "summary"}
MARKUP = (
    "<script>alert(1)</script>",
    "</bdi><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<style>*{display:none}</style>",
    "<b>Approved by Security</b>",
    "{{ settings.SECRET_KEY }}{% csrf_token %}",
    "&lt;!here&gt; &amp; &#x202e;",
    "javascript:alert(1)//' onmouseover='alert(1)",
    "<!-- --><![CDATA[ x ]]>",
    "<https://evil.example|Approve> `code` *bold* _it_ ~no~ > quote",
)


class Page(HTMLParser):
    """What a browser would make of it: elements, their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(value: JSON, *, tag: str = "untrusted", limit: int | None = None) -> Page:
    """The value as the tag puts it on a page."""
    limited = "" if limit is None else f" limit={limit}"
    return Page(Template(f"{{% load untrusted %}}{{% {tag} value{limited} %}}").render(Context({"value": value})))


@pytest.mark.case("DEC-01", "DEC-03")
@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("text", MARKUP)
def test_markup_stays_text_and_is_shown_to_the_letter(tag: str, text: str) -> None:
    page = shown(text, tag=tag)
    assert {name for name, _ in page.elements} <= OUR_ELEMENTS
    assert text in page.text
    control = Page(text.replace("&", ""))
    assert control.text != text or not control.elements, "The same text without the tag would have been markup."


@pytest.mark.case("DEC-03")
@given(text=st.text())
def test_no_text_adds_an_element_or_an_attribute(text: str) -> None:
    page = shown(text, limit=10_000)
    assert page.elements[0] == ("bdi", {"dir": "auto", "class": "untrusted"})
    assert all(name == "span" and set(attributes) == {"class"} for name, attributes in page.elements[1:])
    # A parser reads a carriage return as a line feed, but the renderer never lets one through as text.
    assert page.text == "".join(token.shown for token in render(text, limit=10_000))


@pytest.mark.case("DEC-04", "DEC-05")
@pytest.mark.parametrize("first_and_last", DEFAULT_IGNORABLE)
def test_a_character_that_cannot_be_seen_is_spelled_in_a_pill(first_and_last: tuple[int, int]) -> None:
    for point in first_and_last:
        page = shown(f"a{chr(point)}b")
        assert chr(point) not in page.text
        assert re.search(rf"a.*U\+{point:04X}.*b", page.text)
        assert ("span", {"class": "pill pill--pill"}) in page.elements
    assert shown("ab").elements == [("bdi", {"dir": "auto", "class": "untrusted"})]


@pytest.mark.case("DEC-04")
def test_each_value_keeps_its_direction_to_itself() -> None:
    html = Template("{% load untrusted %}{% untrusted a %}.{% untrusted b %}").render(Context({"a": "שלום", "b": "x"}))
    assert [name for name, _ in Page(html).elements] == ["bdi", "bdi"]
    assert Page(html).text == "שלום.x", "Nothing may stand between a value and what follows it."


@pytest.mark.case("DEC-07")
def test_blanks_cannot_push_the_dangerous_part_away() -> None:
    assert shown("safe" + " " * 5000 + "drop").text == "safe⟦5,000 spaces⟧drop"
    assert shown("safe drop").text == "safe drop"


@pytest.mark.parametrize("tag", ["untrusted_text", "untrusted_value"])
def test_what_is_folded_can_be_opened_in_full(tag: str) -> None:
    text = "start " + "x" * 5000 + " end"
    page = shown(text, tag=tag, limit=100)
    assert "characters not shown" in page.text
    assert "Show all 5,010 characters" in page.text
    assert text in page.text
    short = shown("start end", tag=tag, limit=100)
    assert [name for name, _ in short.elements] == ["bdi"]


def test_a_short_text_within_a_line_is_never_a_control() -> None:
    assert {name for name, _ in shown("x" * 5000, limit=50).elements} == {"bdi", "span"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), ("1", '"1"'), (True, "true"), ("true", '"true"'), (None, "null"), ("", '""'), (1e7, "10000000")],
)
def test_values_of_different_types_do_not_look_alike(value: JSON, text: str) -> None:
    assert shown(value, tag="untrusted_value").text.strip() == text


@pytest.mark.case("DEC-05", "DEC-06")
@pytest.mark.parametrize("tag", ["untrusted_text", "untrusted_value"])
def test_what_deceives_is_said_beside_the_value(tag: str) -> None:
    page = shown("pаypal.example", tag=tag)
    assert "mixes" in page.text
    assert ("span", {"class": "untrusted__note"}) in page.elements
    assert "mixes" not in shown("paypal.example", tag=tag).text


def test_warnings_about_hostile_text_are_escaped_too() -> None:
    page = shown({"<b>pаypal</b>": "<i>x\u202e</i>"}, tag="untrusted_value")
    assert {name for name, _ in page.elements} <= OUR_ELEMENTS


def test_nothing_shows_as_nothing() -> None:
    assert shown(None).text == ""


def test_no_template_marks_anything_as_safe() -> None:
    root = Path(settings.BASE_DIR)
    templates = list((root / "templates").rglob("*.html"))
    unsafe = re.compile(r"\|\s*safe\b|autoescape\s+off|safeseq|mark_safe|format_html")
    assert templates
    assert not [path.name for path in templates if unsafe.search(path.read_text())]
    assert not unsafe.search((root / "approvals/templatetags/untrusted.py").read_text())
    assert unsafe.search("{{ text|safe }}")
