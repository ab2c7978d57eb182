"""The page about mediation says what the adapters do: its examples are sent, its table is compared."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

from decisions.engine.action import Action
from decisions.engine.metatool_reading import OPENING_KEYS, PROGRAM_KEYS
from decisions.engine.metatools import STANDARD
from decisions.intake.adapters.http import OVERRIDES
from decisions.intake.adapters.mcp import METHOD
from decisions.intake.credentials import FIELDS, HEADER_WORDS
from decisions.intake.envelope import Protocol, action_in
from decisions.intake.opening import opened
from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.steps import HARMLESS_VARIABLES
from decisions.services.checking import check_files
from decisions.services.packs import PolicyFiles
from tests.docs.reading import Block, page

MEDIATION = page("docs/mediation.md")
PARAMETERS = {
    "command", "commands", "commandline", "cmd", "mcp_server_name", "mcp_tool_name", "server_name", "tool_name",
    "arguments",
}  # fmt: skip
EXAMPLES = [
    (request, action)
    for request, action in pairwise(MEDIATION.blocks("json"))
    if request.info.startswith("json request ")
]


@pytest.mark.parametrize(("request_", "action"), EXAMPLES, ids=lambda block: block.place)
def test_an_example_is_turned_into_the_action_below_it(request_: Block, action: Block) -> None:
    assert action.info == "json action"
    assert action_in(request_.info.split()[2], json.loads(request_.text)) == Action(**json.loads(action.text))


OPENED = [(call, steps) for call, steps in pairwise(MEDIATION.blocks("json")) if call.info == "json opened"]


@pytest.mark.parametrize(("call", "steps"), OPENED, ids=lambda block: block.place)
def test_a_tool_that_stands_for_others_is_opened_into_the_steps_below_it(call: Block, steps: Block) -> None:
    assert steps.info == "json steps"
    found = opened(Action(**json.loads(call.text)), table=STANDARD)
    assert found is not None
    assert [each.action for each in found.inner] == [Action(**each) for each in json.loads(steps.text)]


def test_the_policy_on_the_page_passes_its_cases_and_needs_its_table() -> None:
    (block,) = MEDIATION.blocks("yaml")
    report = check_files(PolicyFiles(text=block.text, source="page"))
    assert (report.faults, report.failures, report.passed) == ((), (), 5)
    before, after = block.text.index("meta_tools:"), block.text.index("rules:")
    without = check_files(PolicyFiles(text=block.text[:before] + block.text[after:], source="page"))
    assert (len(without.failures), without.passed) == (3, 2)


def test_every_key_of_the_table_is_described() -> None:
    tools = {name for row in MEDIATION.table("Key of a tool") for name in re.findall(r"`(\w+)`", row[0])}
    programs = {name for row in MEDIATION.table("Key of a program") for name in re.findall(r"`(\w+)`", row[0])}
    assert tools == {"tool", "opens", *(key for keys in OPENING_KEYS.values() for key in keys)}
    assert programs == set(PROGRAM_KEYS)


def test_every_tool_and_program_of_the_table_is_named() -> None:
    called = " ".join(row[0] for row in MEDIATION.table("Called"))
    commands = MEDIATION.text.partition("* **Commands** are found")[2].partition("\n* ")[0]
    assert {tool for tool, _ in STANDARD.tools} == {
        name.lower() for name in re.findall(r"`(\w+)`", called)
    } - PARAMETERS
    unnamed = {"toybox", "noglob", "nocorrect", "repeat"}
    assert set(STANDARD.runners) - set(re.findall(r"`(\w+)`", commands)) == unnamed
    assert {str(doubt) for doubt in Doubt} == {row[0] for row in MEDIATION.table("What the reason says")}
    assert {name for name in HARMLESS_VARIABLES if f"`{name}`" not in MEDIATION.text} == set()


def test_there_is_an_example_of_every_protocol_and_a_row_in_the_table() -> None:
    rows = {row[0].strip("`") for row in MEDIATION.table("`protocol`")}
    assert {request.info.split()[2] for request, _ in EXAMPLES} == set(Protocol) == rows
    assert METHOD in MEDIATION.text


def names_in(beginning: str, end: str) -> set[str]:
    (sentence,) = re.findall(f"{beginning}(.*?){end}", MEDIATION.text, re.DOTALL)
    return set(re.findall(r"`([\w-]+)`", sentence))


def test_everything_that_is_left_out_or_refused_is_named() -> None:
    assert names_in("headers with ", "between their hyphens") == set(HEADER_WORDS)
    assert names_in("and are named in `credentials`:", "What a service") == set(FIELDS)
    assert {name.lower() for name in names_in(r"say another\s+method or address \(", r"\) are refused")} == OVERRIDES
