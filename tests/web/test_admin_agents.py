"""Agents and their keys in the admin pages: the same services, and what can't be is said at the field."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from decisions.models import Agent, Credential
from decisions.services.identity import authenticate
from receipts.problems import ProblemError
from tests.factories import Cast
from tests.web.reading import read

FORM = {"name": "demo-agent", "environment": "TEST", "profile": "mail", "is_active": "on"}


def test_the_tools_of_an_agent_are_typed_one_a_line(cast: Cast, trent: Client) -> None:
    page = f"/admin/decisions/agent/{cast.agent.id.replace('_', '_5F')}/change/"
    assert trent.post(page, FORM | {"allowed_tools": "email.send\r\n\r\nmcp.files.*"}).status_code == 302
    agent = Agent.objects.get(pk=cast.agent.id)
    assert (agent.allowed_tools, agent.environment, agent.profile) == (["email.send", "mcp.files.*"], "TEST", "mail")
    assert "email.send\nmcp.files.*" in trent.get(page).content.decode()
    refused = trent.post(page, FORM | {"allowed_tools": "email send; еmail"})
    assert "No tool can be called" in read(refused).text
    agent.refresh_from_db()
    assert agent.allowed_tools == ["email.send", "mcp.files.*"]


def test_how_far_an_agent_may_drift_is_a_number_from_0_to_1_or_left_to_its_profile(cast: Cast, trent: Client) -> None:
    page = f"/admin/decisions/agent/{cast.agent.id.replace('_', '_5F')}/change/"
    for said, kept in (("0.55", 0.55), ("7", 0.55), ("", None)):
        trent.post(page, FORM | {"drift_threshold": said})
        assert Agent.objects.get(pk=cast.agent.id).drift_threshold == kept


def test_a_key_is_rotated_in_its_list_and_the_new_one_shown_once(cast: Cast, trent: Client) -> None:
    row = Credential.objects.get(pk=cast.agent.key_id)
    reply = trent.post("/admin/decisions/credential/", {"action": "rotate", "_selected_action": [row.pk]})
    [secret] = re.findall(r"aak_[\w-]+", read(reply).text)
    assert authenticate(secret).id == authenticate(cast.agent_key).id == cast.agent.id
    row.refresh_from_db()
    assert row.expires_at is not None
    with pytest.raises(ProblemError):
        authenticate("aak_" + "x" * 43)
