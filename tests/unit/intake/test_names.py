"""A name has one reading, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.action import is_operation_name, is_tool_name
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.verdict import Decision
from decisions.intake.errors import IntakeError
from decisions.intake.names import LONGEST_NAME, split_tool_name
from tests.unit.engine.scenes import policy_of, ruling

BAD_NAMES = (
    "", ".", "email.", ".send", "email..send", "email send", "email.send ", " email.send", "email.send\t", "email\n",
    "email.send\x00", "еmail.send", "ｅmail.send", "émail", "e\u0301mail", "email\u200b", "email\u202e",
    "email\u00ad", "_email",
    "-email", "/email", "email/", "email:", "email./send", "email.send/", "email;send", "email,send", "email@send",
    "email\\send",
    "email(send)", "email%2esend", "$email", "a" * 129, "K\u212aey",
)  # fmt: skip
NAMES = st.text(alphabet="abZ09._/:- \n\u212aé", max_size=8)


@pytest.mark.parametrize(
    ("tool", "operation", "parts"),
    [
        ("email.send", None, ("email", "send")),
        ("email", "send", ("email", "send")),
        ("email", None, ("email", "call")),
        ("mcp.files.read", None, ("mcp.files", "read")),
        ("mcp.files", "read", ("mcp.files", "read")),
        ("mcp__server__tool", None, ("mcp__server__tool", "call")),
        ("Email.Send", None, ("Email", "Send")),
        ("mcp://server/files.read", None, ("mcp://server/files", "read")),
        ("a" * 128, None, ("a" * 128, "call")),
        ("7zip", "run-fast_", ("7zip", "run-fast_")),
    ],
)
def test_names_are_split_at_the_last_dot(tool: str, operation: str | None, parts: tuple[str, str]) -> None:
    assert split_tool_name(tool, operation) == parts


@pytest.mark.case("API-09")
@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_could_be_read_in_two_ways_is_refused(name: str) -> None:
    assert split_tool_name("email.send", None) == ("email", "send")
    with pytest.raises(IntakeError) as caught:
        split_tool_name(name, None)
    assert (caught.value.code, caught.value.param) == ("invalid_tool", "tool")
    assert caught.value.fix
    with pytest.raises(IntakeError) as caught:
        split_tool_name("email", name)
    assert (caught.value.code, caught.value.param) == ("invalid_operation", "operation")
    assert name not in caught.value.why or len(name) < 3


@pytest.mark.case("API-09")
def test_an_operation_has_no_dot_so_that_a_full_name_has_one_split() -> None:
    assert split_tool_name("a.b", "c") == split_tool_name("a.b.c", None)
    with pytest.raises(IntakeError, match="without a dot"):
        split_tool_name("a", "b.c")


@pytest.mark.case("API-09")
@given(NAMES, st.none() | NAMES)
def test_no_spelling_slips_past_a_denial(tool: str, operation: str | None) -> None:
    policy = policy_of("- {id: no, match: {tool: a.b}, action: DENY}", default="ALLOW")
    try:
        name, verb = split_tool_name(tool, operation)
    except IntakeError:
        return
    joined = f"{name}.{verb}"
    answer = ruling(policy, joined)
    assert (answer.decision is Decision.DENY) == (joined.casefold() == "a.b")


@given(st.text(alphabet="abZ09._/:- \n\u212aé", max_size=10) | st.text(max_size=6))
def test_policies_and_requests_are_held_to_one_grammar(text: str) -> None:
    for name in (text, text * 40):
        assert is_tool_name(name) == accepts(name, None)
        assert is_operation_name(name) == accepts("tool", name)


def accepts(tool: str, operation: str | None) -> bool:
    try:
        split_tool_name(tool, operation)
    except IntakeError:
        return False
    return True


def test_the_longest_name_fits_a_rule_as_well() -> None:
    longest = "a" * LONGEST_NAME
    text = f'policy: {{id: a, version: "1"}}\nrules:\n  - {{id: a, match: {{tool: {longest}}}, action: ALLOW}}\n'
    assert ruling(compile_policy(parse_policy(text, source="test")), f"{longest}.call").decision is Decision.ALLOW
