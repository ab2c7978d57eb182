"""A session's page: drawn and as a table, narrowed, shown in stretches where it is long, followed while it goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from django.db.models import QuerySet
from django.test import Client

from decisions.models import ContextEntry, Scope
from decisions.selectors import archives
from decisions.services.pauses import Target, pause_actions, resume_actions, target_named
from receipts.models import Receipt
from receipts.signing.canonical import canonical_bytes
from tests.factories import MAIL, Cast, begin_session, decide, describe, open_step_up, vote
from tests.web.reading import Element, read
from tests.web.tampering import tamper, unguarded

INSIDE = {**MAIL, "to": "bob@corp.example"}
EVERYTHING = Target(Scope.EVERYTHING)
HOSTILE = "PII\u202e<b>"


@pytest.fixture
def session(cast: Cast) -> str:
    """Allowed, denied, read with labels, and put before Bob, who approves."""
    found = begin_session(cast)
    decide(cast, found, "email.send", parameters=INSIDE)
    vote(open_step_up(cast, session_id=found), cast.bob)
    decide(cast, found, "database.drop", parameters={"table": "orders"})
    decide(cast, found, "database.query", parameters={"table": "customers", "limit": 10})
    return found


def page_of(client: Client, session: str, query: str = "") -> Element:
    return read(client.get(f"/s/{session}{query}"))


def has(page: Element, name: str) -> bool:
    return bool(page.all(lambda element: element.attributes.get("id") == name))


def points(page: Element) -> list[str]:
    return [link.attributes["aria-label"] for link in drawn(page)]


def drawn(page: Element, chart: str = "chart") -> list[Element]:
    return [link for link in page.by_id(chart).tagged("a") if "data-point" in link.attributes]


def steps(page: Element) -> list[str]:
    return [step.attributes["id"] for step in page.of_class("walk__step")]


def test_every_action_is_a_point_that_says_what_it_was_and_leads_to_its_step(session: str, victor: Client) -> None:
    page = page_of(victor, session)
    assert points(page) == [
        "Step 2, email.send, risk low, allowed",
        "Step 3, email.send, risk high, put before a human, then approved",
        "Step 4, database.drop, risk critical, denied",
        "Step 5, database.query, risk medium, allowed",
    ]
    links = drawn(page)
    assert [link.attributes["href"][1:] for link in links] == steps(page)[1:]
    assert [link.attributes.get("tabindex") for link in links] == [None, "-1", "-1", "-1"]


def test_a_paused_session_says_so_with_who_when_and_why_and_what_it_answers(
    cast: Cast, session: str, victor: Client, trent: Client
) -> None:
    assert not has(page_of(victor, session), "paused")
    pause = pause_actions(target_named(Scope.SESSION, name=session), reason="It asks <b>Mallory</b>.", actor=cast.trent)
    said = page_of(victor, session).by_id("paused")
    for words in ("A session of demo-agent", "by trent", "It asks <b>Mallory</b>.", "DENY and the reason code paused"):
        assert words in said.text
    assert said.tagged("b") == []
    assert "Resume…" not in said.text
    assert decide(cast, session, "files.read", parameters={})["reason_code"] == "paused"
    resume_actions(pause.pk, actor=None)
    page = page_of(victor, session)
    assert not has(page, "paused")
    assert "Resumed" in page.by_id("paused-before").text
    assert "by a command" in page.by_id("paused-before").text


def test_a_pause_of_the_agent_or_of_everything_stands_over_its_sessions_and_no_later_one(
    cast: Cast, session: str, victor: Client
) -> None:
    for target, words in ((target_named(Scope.AGENT, name=cast.agent.id), "demo-agent"), (EVERYTHING, "Everything")):
        pause = pause_actions(target, reason="Wait.", actor=None)
        assert f"{words}, since" in page_of(victor, session).by_id("paused").text
        resume_actions(pause.pk, actor=None)
    assert not has(page_of(victor, begin_session(cast)), "paused-before")


def test_a_step_says_what_its_tool_does_and_none_of_the_values(session: str, victor: Client) -> None:
    describe("email", "send", "Sends an e-mail to {to}, about <b>{subject}</b>.")
    page = page_of(victor, session)
    assert "Sends an e-mail to …, about <b>…</b>." in page.by_id("step-2").text
    assert "bob@corp.example" not in page.by_id("walk").text
    assert page.by_id("walk").tagged("b") == []
    assert "Sends" not in page.by_id("step-4").text


def test_the_table_says_what_the_drawing_shows(session: str, victor: Client) -> None:
    rows = page_of(victor, session).by_id("chart-table").tagged("tr")
    cells = [[cell.text for cell in row.children if isinstance(cell, Element)] for row in rows]
    assert cells[0] == ["Step", "Action", "Decision", "Risk", "Highest so far", "Data", "Ended"]
    assert cells[1:] == [
        ["2", "email.send", "ALLOW", "LOW", "LOW", "", ""],
        ["3", "email.send", "STEP_UP", "HIGH", "HIGH", "", "APPROVED"],
        ["4", "database.drop", "DENY", "CRITICAL", "CRITICAL", "", ""],
        ["5", "database.query", "ALLOW", "MEDIUM", "CRITICAL", "PII", ""],
    ]


def test_only_filters_that_leave_something_are_offered_with_how_many_they_leave(session: str, victor: Client) -> None:
    (offered,) = page_of(victor, session).of_class("windows")
    words = "Everything 5Actions 4Flagged 2Data seen 1ALLOW 2STEP_UP 1DENY 1PII 1"
    assert offered.text == words
    for link in offered.tagged("a"):
        found = read(victor.get(link.attributes["href"]))
        assert len(steps(found)) == int(link.text.split()[-1])
        assert len(points(found)) == 4, "The drawing is of everything."


def test_ways_on_from_the_page_with_the_request_lead_to_pages(session: str, victor: Client) -> None:
    shown = read(victor.post(f"/s/{session}/request"))
    places = [link.attributes["href"] for link in shown.of_class("windows")[0].tagged("a")]
    places += [part.attributes["data-page"] for part in shown.walk() if "data-page" in part.attributes]
    assert len(places) > 5
    assert {victor.get(place).status_code for place in places} == {200}


def test_a_long_session_is_shown_from_its_end_stretch_by_stretch(
    cast: Cast, session: str, victor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_ENTRIES", 2)
    page, seen = page_of(victor, session), []
    assert "Steps 4 to 5 of 5." in page.text
    assert "4 actions: 2 allowed, 1 put before a human, 1 denied." in page.text
    while True:
        seen.append(steps(page))
        assert page.of_class("check--failed") == []
        earlier = [link for link in page.tagged("a") if link.attributes.get("rel") == "prev"]
        if not earlier:
            break
        page = read(victor.get(earlier[0].attributes["href"]))
        newest = [link.attributes["href"] for link in page.tagged("a") if link.attributes.get("rel") == "next"]
        assert newest == [f"/s/{session}?"]
        assert not [part for part in page.walk() if "data-tail" in part.attributes]
    assert seen == [["step-4", "step-5"], ["step-2", "step-3"], ["step-1"]]
    assert "1 of 1 entries linked" in page.text


def test_what_was_seen_before_the_stretch_counts_in_it(
    cast: Cast, session: str, victor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_ENTRIES", 1)
    decide(cast, session, "database.drop", parameters={"table": "orders"})
    page = page_of(victor, session)
    assert steps(page) == ["step-6"]
    assert "Data seen: PII from an earlier step." in page.text
    assert "seen: PII" in page.of_class("walk__step")[0].text


def entries(session: str) -> QuerySet[ContextEntry]:
    return ContextEntry.objects.filter(session=session)


@pytest.mark.parametrize(("gone", "left"), [({"position": 5}, "4 of 5"), ({}, "0 of 5")], ids=["the-last", "all"])
def test_a_session_that_lacks_entries_is_shown_as_broken(
    session: str, victor: Client, gone: Mapping[str, int], left: str
) -> None:
    with unguarded("decisions_contextentry"):
        entries(session).filter(**gone).delete()
    page = page_of(victor, session)
    assert f"{left} entries linked" in page.by_id("checks").text
    assert page.of_class("check--failed")


@pytest.mark.parametrize("position", [1, 2, 6])
def test_a_receipt_that_is_gone_is_missed_wherever_it_stood(session: str, victor: Client, position: int) -> None:
    tamper(Receipt.objects.get(session_id=session, position=position), session_id="ses_elsewhere")
    checks = page_of(victor, session).by_id("checks")
    assert "6 of 6 receipts linked" not in checks.text
    assert checks.of_class("check--failed")


def test_the_risk_that_is_drawn_is_the_signed_one(session: str, victor: Client) -> None:
    receipt = Receipt.objects.get(session_id=session, tool="database", operation="drop")
    tamper(receipt, risk_level="LOW")
    assert "Step 4, database.drop, risk critical, denied" in points(page_of(victor, session))


def test_how_many_steps_have_come_since_is_told_to_auditors_alone(
    cast: Cast, session: str, victor: Client, bob: Client
) -> None:
    (tail,) = [part for part in page_of(victor, session).walk() if "data-tail" in part.attributes]
    address = f"{tail.attributes['data-tail']}?after={tail.attributes['data-length']}"
    assert victor.get(address).json()["count"] == 0
    decide(cast, session, "email.send", parameters=INSIDE)
    assert victor.get(address).json()["count"] == 1
    assert victor.get(f"/s/{session}/newer?after=nonsense").json()["count"] == 6
    assert victor.get("/s/ses_nobody/newer?after=0").json()["count"] == 0
    assert bob.get(address).status_code == 403


def test_hostile_text_in_an_altered_entry_is_shown_for_what_it_is(session: str, victor: Client) -> None:
    entry = entries(session).get(position=5)
    body = json.loads(bytes(entry.body)) | {"tool": "data\u202e<script>", "labels": [HOSTILE]}
    with unguarded("decisions_contextentry"):
        entries(session).filter(position=5).update(body=canonical_bytes(body))
    answer = victor.get(f"/s/{session}")
    assert "\u202e" not in answer.content.decode()
    assert "<script>" not in answer.content.decode()
    assert "Step 5, an action, risk" in answer.content.decode()
    assert "RIGHT-TO-LEFT OVERRIDE" in read(answer).text
