"""An agent's list of tools means what the same names mean in a policy."""

from __future__ import annotations

import pytest

from decisions.engine.allowed_tools import is_entry, is_listed


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        ("email.send", ["email.send", "Email.SEND"], ["email.read", "email.sender", "mail.send", "x.email.send"]),
        ("email", ["email.send", "email.call"], ["emails.send", "email.x.send"]),
        ("mcp.files.*", ["mcp.files.read", "MCP.files.write"], ["mcp.file.read", "mcp.files2.read"]),
        ("db?", ["db1.query"], ["db.query", "db12.query"]),
        ("*", ["anything.at_all"], []),
    ],
)
def test_an_entry_stands_for_what_it_says(entry: str, inside: list[str], outside: list[str]) -> None:
    assert is_entry(entry)
    for name in [*inside, *outside]:
        tool, _, operation = name.rpartition(".")
        assert is_listed(tool, operation, entries=["other.tool", entry]) is (name in inside), name


def test_a_list_without_a_fitting_entry_takes_nothing() -> None:
    assert not is_listed("email", "send", entries=[])
    assert not is_listed("email", "send", entries=["", "еmail.send", "email send"])


@pytest.mark.parametrize("text", ["", "email send", "еmail.send", "email..send", "email.send ", "-x", "?" * 4000])
def test_what_no_tool_can_be_called_is_no_entry(text: str) -> None:
    assert not is_entry(text)


def test_a_glob_that_is_refused_takes_nothing() -> None:
    assert not is_listed("email", "send", entries=["?*" * 2000])
