"""What is inside a call that stands for others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.action import Action, is_operation_name, is_tool_name
from decisions.engine.metatools import STANDARD, MetaTool, Opening, table_of
from decisions.intake.opening import CallDoubt, Opened, opened
from decisions.intake.shell.doubts import Doubt


def command(program: str, *arguments: str) -> Action:
    line = " ".join([program, *arguments])
    return Action("shell", "run", {"program": program, "arguments": [*arguments], "command": line})


def inside(tool: str, parameters: dict[str, Any], operation: str = "call") -> Opened:
    found = opened(Action(tool, operation, parameters), table=STANDARD)
    assert found is not None
    return found


def actions(found: Opened) -> list[Action]:
    return [each.action for each in found.inner]


@pytest.mark.case("API-10")
@pytest.mark.parametrize(
    ("tool", "operation", "parameters"),
    [
        ("Bash", "call", {"command": "ls -l; rm x", "description": "Looks around."}),
        ("bash", "run", {"command": "ls -l; rm x"}),
        ("shell", "run", {"command": "ls -l; rm x"}),
        ("shell", "call", {"command": ["ls -l", "rm x"]}),
        ("shell", "call", {"commands": ["ls -l", "rm x"], "timeout_ms": 5}),
        ("run_terminal_cmd", "call", {"command": "ls -l\nrm x"}),
        ("run_command", "call", {"CommandLine": "ls -l; rm x", "Cwd": "/src"}),
        ("exec_command", "call", {"cmd": "ls -l; rm x", "workdir": "/src"}),
        ("execute_bash", "call", {"command": "ls -l; rm x"}),
        ("Local_Shell", "call", {"command": "ls -l; rm x", "env": {"LANG": "C"}}),
    ],
)
def test_a_command_line_is_opened_by_whichever_tool_it_is_run(
    tool: str, operation: str, parameters: dict[str, Any]
) -> None:
    found = inside(tool, parameters, operation)
    assert actions(found) == [command("ls", "-l"), command("rm", "x")]
    assert (found.doubts, found.unclear) == ((), None)


def test_words_of_one_program_are_no_command_line() -> None:
    assert actions(inside("bash", {"command": ["echo", "a"]})) == [command("echo", "a")]
    found = inside("bash", {"command": ["bash", "-lc", "rm x > y"]})
    assert [each.only_carries for each in found.inner] == [True, False, False]
    assert actions(found)[1:] == [command("rm", "x"), Action("shell", "write", {"path": "y"})]


def test_what_is_not_known_before_it_runs_is_left_out() -> None:
    found = inside("bash", {"command": "rm $X > $Y"})
    assert actions(found) == [Action("shell", "run", {"program": "rm"}), Action("shell", "write", {})]
    assert found.doubts == ()


@pytest.mark.case("API-10")
@pytest.mark.parametrize(
    ("tool", "parameters", "action"),
    [
        (
            "mcp_tool",
            {"mcp_server_name": "github", "mcp_tool_name": "create_issue", "arguments": {"title": "Bug"}},
            Action("github", "create_issue", {"title": "Bug"}),
        ),
        ("MCP_Tool", {"mcp_server_name": "a.b", "mcp_tool_name": "c"}, Action("a.b", "c", {})),
        ("mcp_tool", {"mcp_tool_name": "search"}, Action("search", "call", {})),
        ("use_mcp_tool", {"server_name": "a", "tool_name": "b", "arguments": {"c": 1}}, Action("a", "b", {"c": 1})),
        ("Skill", {"skill": "pdf", "args": "x"}, Action("skill", "pdf", {"args": "x"})),
        ("skill", {"skill": "office:docx"}, Action("skill", "office:docx", {})),
    ],
)
def test_a_call_inside_a_call_is_the_tool_that_it_names(tool: str, parameters: dict[str, Any], action: Action) -> None:
    found = inside(tool, parameters)
    assert (actions(found), found.doubts) == ([action], ())
    assert not found.inner[0].only_carries


def test_a_shell_behind_a_call_is_opened_as_well() -> None:
    inner: dict[str, Any] = {"mcp_server_name": "box", "mcp_tool_name": "bash", "arguments": {"command": "rm x"}}
    table = table_of([MetaTool("box", "bash", Opening.SHELL, commands=("command",))])
    found = opened(Action("mcp_tool", "call", inner), table=table)
    assert found is not None
    assert [(each.action, each.only_carries) for each in found.inner] == [
        (Action("box", "bash", {"command": "rm x"}), True),
        (command("rm", "x"), False),
    ]
    assert found.arguments is None


@pytest.mark.case("API-09", "API-10")
@pytest.mark.parametrize(
    ("tool", "parameters", "doubts"),
    [
        ("mcp_tool", {}, (CallDoubt.NAMELESS,)),
        ("mcp_tool", {"mcp_server_name": 7, "mcp_tool_name": "a"}, (CallDoubt.NAMELESS,)),
        ("mcp_tool", {"mcp_server_name": "github", "mcp_tool_name": "dеlete"}, (CallDoubt.NAMELESS,)),
        ("mcp_tool", {"mcp_server_name": "github", "mcp_tool_name": "delete."}, (CallDoubt.NAMELESS,)),
        ("mcp_tool", {"mcp_tool_name": "a", "arguments": "{}"}, (CallDoubt.ARGUMENTS,)),
        ("skill", {"skill": None}, (CallDoubt.NAMELESS,)),
        ("bash", {}, (Doubt.COMPUTED,)),
        ("bash", {"command": ""}, (Doubt.COMPUTED,)),
        ("bash", {"command": "# nothing"}, (Doubt.COMPUTED,)),
        ("bash", {"command": 7}, (Doubt.COMPUTED,)),
        ("bash", {"command": ["ls", 7]}, (Doubt.COMPUTED,)),
        ("bash", {"command": []}, (Doubt.COMPUTED,)),
        ("bash", {"command": "ls", "env": {"PATH": "."}}, (Doubt.VARIABLE,)),
        ("bash", {"command": "ls", "env": "PATH=."}, (Doubt.VARIABLE,)),
        ("shell", {"commands": ["ls", "eval x"]}, (Doubt.CHANGES_SHELL,)),
    ],
)
def test_what_can_t_be_opened_is_unclear(tool: str, parameters: dict[str, Any], doubts: tuple[str, ...]) -> None:
    found = inside(tool, parameters)
    assert found.doubts == doubts
    assert found.unclear == Action("unclear", found.kind.value, {"doubts": [*doubts]})


def test_calls_inside_calls_end_somewhere() -> None:
    parameters: dict[str, Any] = {"mcp_tool_name": "ls"}
    for _ in range(3):
        parameters = {"mcp_tool_name": "mcp_tool", "arguments": parameters}
    assert inside("mcp_tool", parameters).doubts == ()
    for _ in range(3):
        parameters = {"mcp_tool_name": "mcp_tool", "arguments": parameters}
    assert inside("mcp_tool", parameters).doubts == (CallDoubt.TOO_DEEP,)


def test_a_tool_that_stands_for_itself_is_not_opened() -> None:
    assert opened(Action("email", "send", {"command": "rm"}), table=STANDARD) is None
    silenced = table_of([MetaTool("bash", "call", Opening.NOTHING)])
    assert opened(Action("Bash", "call", {"command": "rm x"}), table=silenced) is None


LINES = st.text(alphabet="ls ;$|'rm.", max_size=8)
INNER = st.dictionaries(st.sampled_from(["command", "mcp_tool_name"]), LINES, max_size=2)
VALUES = st.none() | st.integers(0, 9) | LINES | st.lists(LINES, max_size=3) | INNER
TOOLS = st.sampled_from(sorted(STANDARD.tools))
NAMES = ("command", "commands", "env", "mcp_tool_name", "mcp_server_name", "arguments", "skill")


@given(TOOLS, st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4))
def test_any_call_is_opened_or_unclear_and_opening_again_changes_nothing(
    name: tuple[str, str], parameters: dict[str, Any]
) -> None:
    found = opened(Action(*name, parameters), table=STANDARD)
    assert found is not None
    assert found.inner or found.doubts
    for each in found.inner:
        action = each.action
        assert is_tool_name(action.tool)
        assert is_operation_name(action.operation)
        again = opened(action, table=STANDARD)
        if (action.tool, action.operation) == ("shell", "run") and "command" in action.parameters:
            assert again is not None
            assert again.inner[0].action == action
