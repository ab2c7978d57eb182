"""How far a session has come from its request: drawn, as a table and in a sentence, from what was signed."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from decisions.models import Agent
from decisions.services.policies import publish_policy
from receipts.models import Receipt
from tests.factories import Cast, begin_session, decide
from tests.web.reading import Element, read
from tests.web.tampering import unguarded

WATCHED = """
policy: {id: watched, version: "1", default: ALLOW}
rules:
  - {id: drift, match: {risk_signals: {drift_detected: true}}, action: STEP_UP, approvers: [security-team]}
"""
REQUEST = "Summarise the open invoices of the Johnson account."


@pytest.fixture
def session(cast: Cast) -> str:
    """Near, near, and three steps away; the third of them comes before people."""
    publish_policy(text=WATCHED, source="watched.yaml", actor=None)
    Agent.objects.filter(pk=cast.agent.id).update(drift_threshold=0.6)
    found = begin_session(cast, request=REQUEST)
    for name, parameters in [("invoices.search", {"account": "Johnson", "status": "open"})] * 2:
        decide(cast, found, name, parameters=parameters)
    for _ in range(3):
        decide(cast, found, "payroll.export", parameters={"employee": "Miller"})
    return found


def page_of(client: Client, session: str) -> Element:
    return read(client.get(f"/s/{session}"))


def spoken(page: Element) -> list[str]:
    links = page.by_id("distances").tagged("a")
    return [link.attributes["aria-label"] for link in links if "data-point" in link.attributes]


def test_every_action_is_a_point_that_says_how_far_it_is_and_how_far_the_session(session: str, victor: Client) -> None:
    page = page_of(victor, session)
    said = spoken(page)
    form = re.compile(r"Step \d, [a-z.]+, (allowed|put before a human), distance \d\.\d\d, session \d\.\d\d")
    assert [bool(form.match(each)) for each in said] == [True] * 5
    assert [each.endswith("above the threshold") for each in said] == [False, False, False, False, True]
    assert "put before a human" in said[4]
    drawing = page.by_id("distances")
    labels = [word.text for word in drawing.of_class("chart__word")]
    assert {"0", "1", "near 0.40", "drift 0.60"} <= set(labels)
    [line] = [path for path in drawing.of_class("chart__session") if path.attributes["d"].count("L") > 1]
    assert line.attributes["d"].count("L") == 4


def test_the_table_has_the_same_numbers_and_the_sentence_where_it_rose(session: str, victor: Client) -> None:
    page = page_of(victor, session)
    rows = page.by_id("distances-table").tagged("tr")
    cells = [[cell.text for cell in row.children if isinstance(cell, Element)] for row in rows]
    assert cells[0] == ["Step", "Action", "Decision", "Distance", "The session so far", "Drift above"]
    for said, row in zip(spoken(page), cells[1:], strict=True):
        numbers = re.findall(r"\d\.\d\d", said)
        assert [row[3], row[4].removesuffix(", above"), row[5]] == [*numbers, "0.60"]
    first, last = cells[1][4], cells[5][4].removesuffix(", above")
    told = f"rose from {first} to {last} at step 6 (payroll.export), above the threshold (an estimate)."
    assert told in page.by_id("summary").text


def test_a_session_that_keeps_to_its_request_says_so(cast: Cast, victor: Client) -> None:
    publish_policy(text=WATCHED, source="watched.yaml", actor=None)
    found = begin_session(cast, request=REQUEST)
    decide(cast, found, "invoices.search", parameters={"account": "Johnson"})
    assert "stayed at" in page_of(victor, found).by_id("summary").text


def test_receipts_of_before_distances_were_taken_are_shown_without_a_drawing(session: str, victor: Client) -> None:
    assert 'id="distances"' in victor.get(f"/s/{session}").content.decode()
    with unguarded("receipts_receipt"):
        for row in Receipt.objects.filter(type="decision"):
            body = bytes(row.body).replace(b'"signals":', b'"earlier":')
            Receipt.objects.filter(pk=row.pk).update(body=body)
    page = victor.get(f"/s/{session}").content.decode()
    assert 'id="distances"' not in page
    assert 'id="chart"' in page
    assert "distance from the request" not in page
