"""Trace files, read and refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from aarm.errors import TraceError
from aarm.traces import catalogue_of, read_traces

ERRANDS = Path(__file__).parents[2] / "fixtures" / "traces" / "errands.jsonl"
STEP: dict[str, Any] = {"tool": "notes", "arguments": {}, "output": "", "effect": "read"}


def trace(**changed: Any) -> str:
    return json.dumps({"id": "t", "user_request": "Read", "steps": [STEP], **changed})


def written(folder: Path, *lines: str) -> Path:
    path = folder / "traces.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_traces_are_read_in_order_plain_or_gzipped(tmp_path: Path) -> None:
    packed = tmp_path / "errands.jsonl.gz"
    packed.write_bytes(gzip.compress(ERRANDS.read_bytes()))
    plain = list(read_traces(ERRANDS))
    assert plain == list(read_traces(packed))
    assert [one.id for one in plain] == ["errands/benign/1", "errands/attack/1"]
    booking = plain[0].steps[3]
    assert (booking.tool, booking.effect, booking.user_turns) == ("book_room", "write", ("Then take Alder instead.",))
    assert plain[0].steps[2].is_failed
    assert list(read_traces(ERRANDS, limit=1)) == plain[:1]


def test_a_tool_with_several_effects_is_registered_with_the_strongest() -> None:
    tools = {str(tool["name"]): tool for tool in catalogue_of(read_traces(ERRANDS), folder=ERRANDS.parent)}
    assert {name: tool["effect"] for name, tool in tools.items()} == {
        "book_room": "write",
        "look_up_room": "read",
        "notes": "write",
        "post_message": "egress",
    }
    assert tools["notes"]["description"] == "Reads a note, or replaces it when text is given."
    assert tools["post_message"] == {
        "name": "post_message",
        "description": "",
        "parameters": {"type": "object"},
        "effect": "egress",
    }


def test_descriptions_are_found_one_folder_up_but_nowhere_else(tmp_path: Path) -> None:
    def described(folder: Path, ref: str) -> object:
        return catalogue_of(read_traces(written(tmp_path, trace(tools_ref=ref))), folder=folder)[0]["description"]

    inner = tmp_path / "inner" / "deep"
    inner.mkdir(parents=True)
    tool = {"name": "notes", "description": "Reads.", "parameters": {}}
    (tmp_path / "tools.json").write_text(json.dumps({"all": [tool]}), encoding="utf-8")
    assert described(tmp_path, "tools.json#all") == "Reads."
    assert described(inner.parent, "tools.json#all") == "Reads."
    assert described(inner, "tools.json#all") == ""
    assert described(inner, "../../tools.json#all") == ""


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        (trace(id=None), "`id`"),
        (trace(user_request=1), "`user_request`"),
        (trace(steps={}), "`steps`"),
        (trace(steps=["x"]), "step of"),
        (trace(steps=[{**STEP, "tool": 1}]), "`tool`"),
        (trace(steps=[{**STEP, "arguments": []}]), "`arguments`"),
        (trace(steps=[{**STEP, "effect": "harmless"}]), "harmless"),
        (trace(steps=[{**STEP, "user_turns": [1]}]), "`user_turns`"),
        (trace(tools_ref=3), "`tools_ref`"),
    ],
)
def test_a_line_that_is_no_trace_is_named(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(TraceError, match=why):
        list(read_traces(written(tmp_path, trace(), "", line)))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(gzip.compress(trace().encode())[:-9])
    for path in (tmp_path / "absent.jsonl", broken):
        with pytest.raises(TraceError, match="cannot be read"):
            list(read_traces(path))


def test_a_tools_file_without_the_named_list_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, trace(tools_ref="tools.json#some"))
    for content in ("{}", "[", '{"some": [1]}', '{"some": [{"name": "notes"}]}'):
        (tmp_path / "tools.json").write_text(content, encoding="utf-8")
        with pytest.raises(TraceError, match="no usable list"):
            catalogue_of(read_traces(path), folder=tmp_path)
