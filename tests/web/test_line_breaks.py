"""A line break in a name or a text of somebody's ends no header, and no line of anything that is one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from receipts.services.exports import write_next_export
from tests.api.doors import Door, problem_of, row_counts
from tests.factories import MAIL, Cast, begin_session, open_step_up, vote
from tests.web.reading import Reply, read

BREAKS = ("\r\n", "\n", "\r", "\u0085", "\u2028", "%0d%0a")
INJECTED = "Bcc: everyone@evil.example{0}Set-Cookie: a=b{0}{0}<html>"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> None:
    settings.AARM_EXPORT_DIR = tmp_path / "exports"


def replies(cast: Cast, bob: Client, victor: Client, text: str) -> Iterator[Reply]:
    """Every kind of answer that is about something with the text in it: pages, redirects, JSON and files."""
    cast.carol.first_name = text[:150]
    cast.carol.save()
    session = begin_session(cast, request=text, service=text[:60], scope=(text[:60],))
    parameters = {**MAIL, "to": f"x@partner.example{text}", "subject": text, text[:60]: 1}
    step = open_step_up(cast, session_id=session, parameters=parameters, explanation=text)
    vote(step, cast.carol, reason=text)
    yield bob.get("/inbox?show=all")
    yield bob.get(step.path)
    yield bob.get(f"/api/v1/approvals/{step.approval.pk}")
    yield bob.post(f"{step.path}/deny", {"reason": text})
    yield victor.get("/receipts", {"q": text})
    yield victor.get(f"/r/{step.answer['receipt']['id']}")
    yield victor.post("/receipts/views", {"name": text[:60], "question": text})
    yield victor.post("/receipts/exports/new", {"question": f"session:{session}"})
    assert write_next_export()
    yield victor.get("/receipts/exports")
    links = [link for link in read(victor.get("/receipts/exports")).tagged("a") if "download" in link.attributes]
    yield victor.get(links[0].attributes["href"])


def header_lines(cast: Cast, bob: Client, victor: Client, text: str) -> tuple[set[int], set[str]]:
    """The statuses and the names of all headers that the answers had."""
    statuses, names = set[int](), set[str]()
    for reply in replies(cast, bob, victor, text):
        assert not any(char in value for value in reply.headers.values() for char in "\r\n\u0085\u2028"), reply.headers
        assert "Bcc" not in " ".join(value.partition("?")[0] for value in reply.headers.values())
        statuses.add(reply.status_code)
        names |= set(reply.headers)
    return statuses, names


@pytest.mark.case("DEC-16")
def test_no_answer_has_a_header_that_somebody_wrote_into_a_text(cast: Cast, bob: Client, victor: Client) -> None:
    statuses, names = header_lines(cast, bob, victor, "Fine")
    assert statuses == {200, 303, 400}
    assert header_lines(cast, bob, victor, f"Fine\r\n{INJECTED.format(chr(13) + chr(10))}") == (statuses, names)


@pytest.mark.case("DEC-16")
def test_what_names_something_takes_no_line_break_at_all(cast: Cast) -> None:
    agent, session = Door(cast.agent_key), begin_session(cast)
    assert agent.decide(session, action_id="act_fine").status_code == 202
    before, codes = row_counts(), {"invalid_body", "invalid_tool", "invalid_operation"}
    for text in (f"email{each}{INJECTED.format(each)}" for each in BREAKS):
        named = {"session_id": session, "tool": text, "operation": "send", "parameters": {}}
        for body in (named, named | {"tool": "email", "operation": text}):
            assert agent.post("/decide", body).json()["code"] in codes
        problem_of(agent.decide(session, action_id=text), status=400, code="invalid_body")
    assert row_counts() == before
