"""Every problem code is provoked once, and its answer has the whole form and tells nothing of the inside."""

from __future__ import annotations

import pytest
from django.db import transaction

from aarm_site.codes import CODES
from tests.api.doors import Door, door_of, problem_of
from tests.api.provocations import ELSEWHERE, PROVOCATIONS, SECRETS, Stage
from tests.factories import Cast


@pytest.fixture
def stage(cast: Cast, agent: Door, host: Door, session: str) -> Stage:
    return Stage(cast=cast, agent=agent, host=host, bob=door_of(cast.bob), session=session)


def test_every_code_is_provoked_here_or_said_to_come_from_elsewhere() -> None:
    assert set(CODES) == set(PROVOCATIONS) | set(ELSEWHERE)
    assert not set(PROVOCATIONS) & set(ELSEWHERE)


@pytest.mark.case("API-21")
def test_every_problem_says_what_why_and_how_to_mend_it_and_nothing_else(stage: Stage) -> None:
    for code, (status, provoke) in PROVOCATIONS.items():
        with transaction.atomic():
            reply = provoke(stage)
            transaction.set_rollback(True)
        found = problem_of(reply, status=status, code=code)
        assert found["title"] == CODES[code]
        said = reply.content.decode() + str(reply.headers)
        assert [secret for secret in SECRETS if secret in said] == [], code
        assert stage.agent.key not in said, code


@pytest.mark.case("API-21")
def test_what_the_caller_sent_is_not_repeated(stage: Stage) -> None:
    marker = "4111111111111111"
    bodies = [
        {"session_id": marker, "tool": "a"},
        {"session_id": stage.session, "tool": f"é{marker}"},
        {"session_id": stage.session, "tool": "a", "parameters": marker},
        {"session_id": stage.session, "tool": "a", "depends_on": [marker]},
        {"session_id": stage.session, "tool": "a", "action_id": f" {marker}"},
        {"session_id": stage.session, "tool": "a", "facts": {"a": marker}, "decision": marker},
    ]
    for body in bodies:
        reply = stage.agent.post("/decide", body)
        assert reply.status_code in (400, 404)
        assert marker not in reply.content.decode()


def test_an_address_that_does_not_exist_is_a_problem_at_the_api_and_a_page_elsewhere(stage: Stage) -> None:
    problem_of(stage.agent.get("/api/v1/nothing"), status=404, code="not_found")
    problem_of(stage.agent.get("/decide/nothing"), status=404, code="not_found")
    page = stage.bob.get("/nothing")
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
