"""Whatever an agent writes is shown as what it is: never interpreted, never hidden, never taken for our own words."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from django.test import Client

from tests.factories import (
    MAIL,
    Cast,
    begin_asserted_session,
    begin_session,
    begin_session_of,
    decide,
    open_step_up,
    vote,
)
from tests.web.corpus import TRICKS, every_trick
from tests.web.reading import Element, read

CASES = ("DEC-01", "DEC-02", "DEC-03", "DEC-04", "DEC-05", "DEC-07", "DEC-10", "DEC-13")
HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}


ACTIVE = {"a", "base", "button", "embed", "form", "iframe", "img", "input", "link", "meta", "object", "script", "style"}


def skeleton(page: Element) -> Counter[str]:
    """How many elements there are that do something or load something: an attack must not add one to them."""
    return Counter(element.tag for element in page.walk() if element.tag in ACTIVE)


def nothing_hides(page: Element) -> None:
    characters = set(page.raw_text)
    assert {char for char in characters if unicodedata.category(char) in HIDDEN} <= {"\n", "\t"}
    assert "\u2800" not in characters


def on_request_page(cast: Cast, client: Client, text: str) -> Element:
    """Everything that an agent and its host can write, at once."""
    session = begin_session(cast, request=text, service=text[:60].replace("\x00", ""), scope=(text[:60],))
    decide(cast, session, "files.read", parameters={"name": text}, explanation=text[:100])
    step = open_step_up(
        cast,
        session_id=session,
        parameters={**MAIL, "to": f"x@partner.example {text}", "body": text, text[:80]: {text[:80]: [text]}},
        explanation=text,
    )
    return read(client.get(step.path, {"all": "1"}))


@pytest.mark.case(*CASES)
@every_trick
def test_on_the_page_of_a_request(cast: Cast, bob: Client, name: str) -> None:
    trick = TRICKS[name]
    page, plain = on_request_page(cast, bob, trick.text), on_request_page(cast, bob, "Send the deck.")
    facts = page.by_id("facts")
    for shown in trick.shown:
        assert shown in facts.raw_text
    nothing_hides(page)
    assert skeleton(page) == skeleton(plain)


@pytest.mark.case("DEC-10")
def test_words_of_the_agent_never_stand_outside_their_boxes(cast: Cast, bob: Client) -> None:
    claim = "✅ Approved by Security"
    page = on_request_page(cast, bob, claim)
    boxes = [*page.of_class("words"), *page.of_class("fields"), page.by_id("raw"), *page.of_class("chain")]
    # The headline and the button name the target, as text in an isolated element.
    boxes += [*page.tagged("h1"), *page.by_id("approve").tagged("button")]
    inside = sum(box.raw_text.count(claim) for box in boxes)
    assert page.raw_text.count(claim) == inside
    assert claim not in page.tagged("title")[0].text


@pytest.mark.case("DEC-04")
def test_honest_hebrew_and_arabic_stay_readable_and_apart(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast, parameters={**MAIL, "subject": "שלום עולם", "body": "مرحبا"})
    page = read(bob.get(step.path))
    values = {value.raw_text for value in page.of_class("untrusted")}
    assert {"שלום עולם", "مرحبا"} <= values
    assert all(value.tag == "bdi" and value.attributes["dir"] == "auto" for value in page.of_class("untrusted"))
    assert "Changes the direction" not in page.text


@pytest.mark.case(*CASES)
@every_trick
def test_in_the_inbox(cast: Cast, bob: Client, name: str) -> None:
    trick = TRICKS[name]
    parameters = {**MAIL, "to": f"x@partner.example {trick.text}"}
    open_step_up(cast, parameters=parameters, explanation=trick.text)
    page = read(bob.get("/inbox"))
    (row,) = page.of_class("row")
    assert "x@partner.example" in row.raw_text
    assert "It can't be called back." in row.raw_text, "the end of our own sentence is not pushed away"
    nothing_hides(page)
    assert row.tagged("script") == row.tagged("img") == []
    # The row's own, and no other.
    assert [form.attributes["action"].rsplit("/")[-1] for form in row.tagged("form")] == ["snooze", "watch"]
    assert len(row.text) < 600


@pytest.mark.case(*CASES)
@every_trick
def test_on_the_page_of_a_receipt(cast: Cast, victor: Client, name: str) -> None:
    trick = TRICKS[name]

    def page_with(text: str) -> Element:
        parameters = {**MAIL, "to": "x@partner.example", "body": text}
        step = open_step_up(cast, session_id=begin_asserted_session(cast), parameters=parameters, explanation=text)
        vote(step, cast.bob, reason=text[:400])
        return read(victor.post(f"/r/{step.answer['receipt']['id']}/values"))

    page = page_with(trick.text)
    for shown in trick.shown:
        assert shown in page.raw_text
    nothing_hides(page)
    assert skeleton(page) == skeleton(page_with("Fine."))


@pytest.mark.case("DEC-03")
def test_names_of_people_and_agents_are_escaped_too(cast: Cast, bob: Client, victor: Client) -> None:
    attack = "<b>root</b>\u202e"
    cast.carol.first_name = attack
    cast.carol.save()
    step = open_step_up(cast, session_id=begin_session_of(cast, human="<b>root</b>\u202e@corp.example"))
    vote(step, cast.carol)
    shown = [bob.get(step.path), victor.get(f"/r/{step.answer['receipt']['id']}"), victor.get("/receipts")]
    for page in map(read, shown):
        assert "<b>root</b>⟦U+202E RIGHT-TO-LEFT OVERRIDE⟧" in page.raw_text
        assert page.tagged("b") == []
        nothing_hides(page)


@pytest.mark.case(*CASES)
@every_trick
def test_on_the_page_of_a_session(cast: Cast, victor: Client, name: str) -> None:
    trick = TRICKS[name]

    def page_with(text: str) -> Element:
        session = begin_session(cast, request=text)
        decide(cast, session, "files.read", parameters={"name": text})
        return read(victor.post(f"/s/{session}/request"))

    page = page_with(trick.text)
    for shown in trick.shown:
        assert shown in page.raw_text
    nothing_hides(page)
    assert skeleton(page) == skeleton(page_with("Fine."))
