"""The table of what stands for others, as a policy changes it."""

from __future__ import annotations

import pytest

from decisions.engine.document import canonical_form
from decisions.engine.metatools import STANDARD, MetaTool, Opening, Runner
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.policy import Policy
from tests.unit.engine.scenes import problems_of, text_of

RULE = "- {id: a, match: any, action: DENY}"
TABLE = """
meta_tools:
  tools:
    - {tool: Terminal.Exec, opens: shell, command: [line, cmd], lines: true}
    - {tool: gateway, opens: call, server: target, name: method, arguments: params}
    - {tool: plugins, opens: call, name: plugin, under: plugin}
    - {tool: bash, opens: nothing}
  programs:
    - {program: retry, flags: [-q], valued: -n, idle: [--help], words: 1, adds_arguments: true, only_runs: false}
"""


def whole(table: str) -> str:
    return text_of(RULE) + table


def policy(table: str = "") -> Policy:
    return compile_policy(parse_policy(whole(table), source="test"))


def test_a_policy_adds_to_the_table_and_replaces_entries() -> None:
    table = policy(TABLE).meta_tools
    assert table.find(tool="TERMINAL", operation="exec") == MetaTool(
        "terminal", "exec", Opening.SHELL, commands=("line", "cmd"), are_lines=True
    )
    gateway = MetaTool("gateway", "call", Opening.CALL, name="method", server="target", arguments="params")
    assert table.find(tool="gateway", operation="call") == gateway
    plugins = table.find(tool="plugins", operation="call")
    assert plugins is not None
    assert plugins.under == "plugin"
    assert table.find(tool="bash", operation="call") is None
    assert STANDARD.find(tool="bash", operation="call") is not None
    assert table.runners["retry"] == Runner(
        "retry",
        flags=frozenset({"-q"}),
        valued=frozenset({"-n"}),
        idle=frozenset({"--help"}),
        words=1,
        adds_arguments=True,
        only_runs=False,
    )
    assert set(table.runners) == {"retry", *STANDARD.runners}


def test_the_table_is_part_of_what_a_policy_means_and_its_order_is_not() -> None:
    bare, more = policy(), policy(TABLE)
    assert bare.meta_tools == STANDARD
    assert bare.hash != more.hash
    turned = TABLE.replace("    - {tool: bash, opens: nothing}\n", "")
    turned = turned.replace("  tools:\n", "  tools:\n    - {tool: Bash, opens: nothing}\n")
    assert policy(turned).hash == more.hash
    # What says nothing about the table has the hash that it had before there was one.
    form = canonical_form(parse_policy(whole(""), source="test"))
    assert isinstance(form, dict)
    assert {"meta_tools", "runners"} & form.keys() == set()


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("{tools: [{tool: a, opens: shell, command: c}, {tool: A.call, opens: nothing}]}", "different_definitions"),
        ("{programs: [{program: a}, {program: a, words: 1}]}", "different_definitions"),
        ("{tools: [{tool: a, opens: call, name: n, server: s, under: u}]}", "duplicate_key"),
        ("{tools: [{tool: a, opens: call, name: n, under: '-'}]}", "wrong_type"),
        ("{tools: [{tool: 'a.', opens: nothing}]}", "wrong_type"),
        ("{tools: [{tool: a, opens: shell, name: n}]}", "missing_key"),
        ("{tools: [{tool: a, opens: shell, command: c, name: n}]}", "unknown_key"),
        ("{tools: [a]}", "wrong_type"),
        ("{programs: [a]}", "wrong_type"),
        ("{programs: [{program: a, words: '1'}]}", "wrong_type"),
        ("{programs: [{program: a, flags: []}]}", "empty_list"),
        ("{}", "missing_key"),
        ("[]", "wrong_type"),
    ],
)
def test_what_would_leave_a_doubt_about_the_table_is_refused(table: str, code: str) -> None:
    assert code in {problem.code for problem in problems_of(whole(f"meta_tools: {table}\n"))}


def test_an_included_policy_brings_its_part_of_the_table() -> None:
    part = 'policy: {id: part, version: "1"}\nrules: []\nmeta_tools: {tools: [{tool: box, opens: shell, command: c}]}\n'
    text = whole("include: [{file: part.yaml}]\n")
    found = compile_policy(parse_policy(text, source="test", included={"file:part.yaml": part})).meta_tools
    assert found.find(tool="box", operation="call") is not None
