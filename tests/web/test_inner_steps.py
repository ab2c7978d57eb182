"""What is inside a call is told to whoever decides about it, and to whoever reads what was signed."""

from __future__ import annotations

import pytest
from django.test import Client

from approvals.models import ApprovalRequest
from decisions.services.policies import publish_policy
from receipts.models import Receipt
from receipts.signing.canonical import JSON
from tests.factories import Cast, StepUp, begin_session, decide, open_step_up
from tests.web.reading import Element, read

POLICY = """
policy: {id: shells, version: "1", default: DENY}
rules:
  - {id: look, match: {tool: shell.run, parameters: {program: [ls, cat]}}, action: ALLOW}
  - {id: ask-git, match: {tool: shell.run, parameters: {program: git}}, action: STEP_UP, approvers: [security-team]}
  - {id: logs, match: {tool: shell.write, parameters: {path: log}}, action: ALLOW}
  - {id: ask-unclear, match: {tool: unclear}, action: STEP_UP, approvers: [security-team]}
  - {id: issues, match: {tool: github}, action: STEP_UP, approvers: [security-team]}
  - {id: mail, match: {tool: email.send}, action: STEP_UP, approvers: [security-team]}
"""


@pytest.fixture(autouse=True)
def shells(cast: Cast) -> None:
    publish_policy(text=POLICY, source="test", actor=None)


def asked(cast: Cast, command: str) -> StepUp:
    answer = decide(cast, begin_session(cast), "bash.call", parameters={"command": command})
    return StepUp(approval=ApprovalRequest.objects.get(pk=answer["approval"]["id"]), answer=answer)


def told(page: Element) -> list[str]:
    return [" ".join(step.text.split()) for step in page.by_id("inside").of_class("step")]


@pytest.mark.case("API-10")
def test_a_reviewer_sees_each_command_of_a_line_with_its_decision(cast: Cast, bob: Client) -> None:
    step = asked(cast, "ls -l && sh -c 'git add \"$FILE\"' > log")
    page = read(bob.get(step.path))
    lines = told(page)
    assert [line.split()[1] for line in lines] == ["shell.run", "shell.run", "shell.run", "shell.write"]
    assert "command ls -l" in lines[0]
    assert lines[0].endswith("ALLOW look")
    assert "It does nothing but lead to the next." in lines[1]
    assert "program git" in lines[2]
    assert lines[2].endswith("STEP_UP ask-git")
    assert lines[3].endswith("ALLOW logs")
    assert lines[1].count("DENY no rule") == 1
    assert "4 steps" in page.by_id("inside").text


@pytest.mark.case("API-10", "DEC-01")
def test_what_is_inside_is_shown_as_anybodys_text_is(cast: Cast, bob: Client) -> None:
    parameters: dict[str, JSON] = {
        "mcp_server_name": "github",
        "mcp_tool_name": "create_issue",
        "arguments": {"title": "<img src=x onerror=alert(1)>\u202egnp.exe"},
    }
    step = open_step_up(cast, name="mcp_tool.call", parameters=parameters)
    reply = bob.get(step.path)
    assert b"<img src=x" not in reply.content
    assert "\u202e" not in reply.content.decode()
    (line,) = told(read(reply))
    assert "github.create_issue" in line
    assert line.endswith("STEP_UP issues")


@pytest.mark.case("API-10")
def test_what_is_unclear_is_a_step_that_says_why(cast: Cast, bob: Client) -> None:
    (first, second) = told(read(bob.get(asked(cast, "ls; cat $(git log); $X").path)))[-2:]
    assert "shell.run" in first
    assert "unclear.shell" in second
    assert "the command itself is not written out" in second


@pytest.mark.case("API-10")
def test_a_receipt_says_what_was_decided_about_each_step(cast: Cast, victor: Client) -> None:
    step = asked(cast, "ls; sh -c 'git push'")
    receipt = Receipt.objects.get(pk=step.answer["receipt"]["id"])
    text = " ".join(read(victor.get(f"/r/{receipt.pk}")).text.split())
    assert "Step 1 shell.run: ALLOW by rule look" in text
    assert "Step 2 shell.run: DENY by no rule, and does nothing but lead to the next" in text
    assert "Step 3 shell.run: STEP_UP by rule ask-git" in text


def test_an_action_that_stands_for_itself_has_no_steps(cast: Cast, bob: Client, victor: Client) -> None:
    step = open_step_up(cast)
    assert b'id="inside"' not in bob.get(step.path).content
    assert b"Step 1" not in victor.get(f"/r/{step.answer['receipt']['id']}").content
