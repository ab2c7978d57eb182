"""The tools through which others are called, and the programs that run others: the table that opens them.

What stands here goes for every policy; `meta_tools:` of a policy adds to it and replaces entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from decisions.engine.folding import fold

# The operation of a name without a dot.
CALL = "call"


class Opening(StrEnum):
    """What is inside a call of such a tool: a command line, another tool's call, or nothing that needs opening."""

    SHELL = "shell"
    CALL = "call"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class MetaTool:
    """One tool; names are folded. What it doesn't name it hasn't got.

    A SHELL has its command lines in the first of the parameters `commands` that is there: a text, or the words of one
    program, or for `are_lines` a list of command lines. A CALL has the inner tool's name in the parameter `name`, below
    the server in the parameter `server` or below the fixed name `under`, and its arguments in `arguments`; without that
    parameter's name all others are its arguments.
    """

    tool: str
    operation: str
    opens: Opening
    commands: tuple[str, ...] = ()
    are_lines: bool = False
    name: str | None = None
    server: str | None = None
    under: str | None = None
    arguments: str | None = None


@dataclass(frozen=True, slots=True)
class Runner:
    """A program that runs the command in its arguments, after its options and `words` further words.

    `flags` are options by themselves, `valued` such with a value; an option that is neither leaves open what is run.
    With one of `idle` it runs nothing. `only_runs`: it does nothing else, so that it needs no permission of its own.
    `adds_arguments`: the command gets more arguments than are written.
    """

    program: str
    flags: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()
    words: int = 0
    takes_assignments: bool = False
    adds_arguments: bool = False
    only_runs: bool = True


@dataclass(frozen=True, slots=True)
class MetaTools:
    """The whole table, by folded tool and operation, and by program."""

    tools: Mapping[tuple[str, str], MetaTool] = field(default_factory=dict)
    runners: Mapping[str, Runner] = field(default_factory=dict)

    def find(self, *, tool: str, operation: str) -> MetaTool | None:
        """The entry of a tool and operation in any spelling, if what it is called with has to be opened."""
        found = self.tools.get((fold(tool), fold(operation)))
        return None if found is None or found.opens is Opening.NOTHING else found


def _options(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _shell(name: str, *commands: str, are_lines: bool = False) -> MetaTool:
    tool, _, operation = name.rpartition(".")
    return MetaTool(tool, operation, Opening.SHELL, commands=commands or ("command",), are_lines=are_lines)


_TOOLS = (
    *(
        _shell(name)
        for name in (
            "bash.call", "bash.run", "sh.call", "zsh.call", "shell.run", "terminal.call", "terminal.run",
            "local_shell.call", "shell_command.call", "run_shell_command.call", "run_terminal_cmd.call",
            "run_in_terminal.call", "execute_command.call", "execute_bash.call",
        )
    ),
    _shell("run_command.call", "command", "CommandLine"),
    _shell("exec_command.call", "cmd"),
    _shell("shell.call", "commands", "command", are_lines=True),
    MetaTool(
        "mcp_tool", "call", Opening.CALL, name="mcp_tool_name", server="mcp_server_name", arguments="arguments"
    ),
    MetaTool("use_mcp_tool", "call", Opening.CALL, name="tool_name", server="server_name", arguments="arguments"),
    MetaTool("skill", "call", Opening.CALL, name="skill", under="skill"),
)  # fmt: skip

_RUNNERS = (
    Runner(
        "env",
        flags=_options("- -i --ignore-environment -0 --null -v --debug"),
        valued=_options("-u --unset"),
        takes_assignments=True,
    ),
    Runner("nohup"),
    Runner("setsid", flags=_options("-c -f -w --ctty --fork --wait")),
    Runner("nice", valued=_options("-n --adjustment")),
    Runner("ionice", flags=_options("-t"), valued=_options("-c -n")),
    Runner("stdbuf", valued=_options("-i -o -e --input --output --error")),
    Runner("time", flags=_options("-p")),
    Runner(
        "timeout",
        flags=_options("--preserve-status --foreground -v --verbose"),
        valued=_options("-s --signal -k --kill-after"),
        words=1,
    ),
    Runner("command", flags=_options("-p"), idle=_options("-v -V")),
    Runner("builtin"),
    Runner("busybox"),
    Runner("toybox"),
    Runner("noglob"),
    Runner("nocorrect"),
    Runner("repeat", words=1),
    Runner("exec", flags=_options("-c -l"), valued=_options("-a")),
    Runner(
        "xargs",
        flags=_options("-0 --null -r --no-run-if-empty -t --verbose -x --exit -p --interactive"),
        valued=_options("-n --max-args -P --max-procs -L --max-lines -I -d --delimiter -E -s -a --arg-file"),
        adds_arguments=True,
    ),
    # These also raise what the command may do, which is a step of its own.
    Runner(
        "sudo",
        flags=_options("-n --non-interactive -E --preserve-env -H --set-home -k -S --stdin -b -A -P"),
        valued=_options("-u --user -g --group -h --host -p --prompt -C -r -t -T"),
        idle=_options("-l --list -v --validate -K"),
        takes_assignments=True,
        only_runs=False,
    ),
    Runner("doas", flags=_options("-n"), valued=_options("-u"), only_runs=False),
)


def table_of(tools: Iterable[MetaTool] = (), *, runners: Iterable[Runner] = ()) -> MetaTools:
    """The table with the entries of a policy, which come before those that go for every policy."""
    return MetaTools(
        tools={(each.tool, each.operation): each for each in (*_TOOLS, *tools)},
        runners={each.program: each for each in (*_RUNNERS, *runners)},
    )


STANDARD = table_of()
