"""`aarm replay` against a running server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aarm import __version__
from aarm.__main__ import main
from aarm.table import neutral
from tests.unit.sdk import faults
from tests.unit.sdk.contract_server import AGENT_KEY, HOST_KEY, ContractServer, Ruling

ERRANDS = Path(__file__).parents[2] / "fixtures" / "traces" / "errands.jsonl"


def options(server: ContractServer, *more: str) -> list[str]:
    return ["replay", str(ERRANDS), "--url", server.url, "--host-key", HOST_KEY, "--agent-key", AGENT_KEY, *more]


@pytest.fixture
def stepping_up(server: ContractServer) -> ContractServer:
    """A server that allows reads, steps up one write and changes or denies the others."""
    server.rulings["book_room"] = Ruling("STEP_UP")
    server.rulings["notes"] = Ruling("MODIFY", changes={"text": "short"})
    server.rulings["post_message"] = Ruling("DENY")
    return server


def test_a_replay_prints_a_table_and_counts(stepping_up: ContractServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options(stepping_up)) == 0
    out = capsys.readouterr().out
    rows = [re.split(r"\s{2,}", line) for line in out.splitlines()]
    assert ["step", "tool", "effect", "decision", "reason"] in rows
    assert ["1", "look_up_room", "read", "ALLOW", "The rule for look_up_room says ALLOW"] in rows
    assert ["3", "book_room", "write", "STEP_UP", "The rule for book_room says STEP_UP"] in rows
    assert ["5", "post_message", "egress", "DENY", "The rule for post_message says DENY"] in rows
    assert ["2 traces, 8 steps, 4 executed, 0 errors"] in rows
    assert ["egress", "DENY", "2"] in rows
    assert ["write", "MODIFY", "3"] in rows


def test_a_replay_does_what_the_agent_would_have_done(stepping_up: ContractServer) -> None:
    assert main(options(stepping_up, "--limit", "1", "--agent", "other-agent", "--human", "replay@other.example")) == 0
    received = stepping_up.received
    assert [(one.name, one.key) for one in received] == [
        ("tools", HOST_KEY),
        ("sessions", HOST_KEY),
        ("decide", AGENT_KEY),
        ("outcome", AGENT_KEY),
        ("decide", AGENT_KEY),
        ("outcome", AGENT_KEY),
        ("decide", AGENT_KEY),
        ("cancel", AGENT_KEY),
        ("messages", HOST_KEY),
        ("decide", AGENT_KEY),
        ("cancel", AGENT_KEY),
        ("decide", AGENT_KEY),
    ]
    assert received[1].body == {
        "original_request": "Find a room for six of us, book it for ten o'clock tomorrow and tell the team.",
        "human": "replay@other.example",
        "agent": "other-agent",
    }
    assert received[2].body["parameters"] == {"people": 6}
    assert received[3].body == {"status": "succeeded", "output": '{"free": ["Juniper", "Alder"]}'}
    assert received[8].body == {"role": "user", "text": "Then take Alder instead."}
    sent = json.dumps([one.body for one in received])
    assert "benign" not in sent
    assert "injection" not in sent


def test_a_step_that_failed_is_reported_as_failed(server: ContractServer) -> None:
    assert main(options(server, "--limit", "1")) == 0
    assert [one.body["status"] for one in server.requests("outcome")] == [
        "succeeded",
        "succeeded",
        "failed",
        "succeeded",
        "succeeded",
    ]


def test_what_waits_for_a_person_can_be_left_waiting(stepping_up: ContractServer) -> None:
    assert main(options(stepping_up, "--no-cancel-pending")) == 0
    assert stepping_up.requests("cancel") == []
    assert len(stepping_up.requests("decide")) == 8


def test_json_is_one_object_a_trace_and_then_the_counts(
    stepping_up: ContractServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options(stepping_up, "--json")) == 0
    [first, second, counts] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["trace_id"], second["trace_id"]) == ("errands/benign/1", "errands/attack/1")
    assert first["steps"][2] == {
        "tool": "book_room",
        "effect": "write",
        "decision": "STEP_UP",
        "reason": "The rule for book_room says STEP_UP",
        "is_executed": False,
    }
    assert (counts["traces"], counts["steps"], counts["executed"]) == (2, 8, 4)
    assert {"effect": "write", "decision": "STEP_UP", "steps": 2} in counts["decisions"]


def test_answers_that_break_the_contract_are_rows_and_a_failing_exit_code(
    server: ContractServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fail("decide", faults.with_values(request_digest="sha256:" + "0" * 64), times=2)
    assert main(options(server)) == 1
    out = capsys.readouterr().out
    assert out.count("ERROR     The answer belongs to another request") == 2
    assert "2 traces, 8 steps, 6 executed, 2 errors" in out
    assert len(server.requests("outcome")) == 6


def test_a_tool_that_the_catalogue_knows_otherwise_keeps_its_effect(
    server: ContractServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.known_effects["notes"] = "egress"
    assert main(options(server)) == 0
    assert "aarm: notes is registered as egress." in capsys.readouterr().err
    assert len(server.requests("tools")) == 5


@pytest.mark.parametrize("door", ["tools", "sessions"])
def test_a_refusal_of_the_whole_is_said_once(
    server: ContractServer, capsys: pytest.CaptureFixture[str], door: str
) -> None:
    server.fail(door, faults.problem(403, name="forbidden"))
    assert main(options(server)) == 2
    assert capsys.readouterr().err == "aarm: It is so. Mend it.\n"
    assert server.requests("decide") == []


def test_an_unreachable_server_is_said_once(
    server: ContractServer, closed_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options(server, "--url", closed_url)) == 2
    assert "Nothing was allowed" in capsys.readouterr().err


def test_a_missing_host_key_or_file_is_said_once(
    server: ContractServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["replay", str(ERRANDS), "--url", server.url, "--host-key", ""]) == 2
    assert "host key" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "no.jsonl"), "--url", server.url, "--host-key", HOST_KEY]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["-1", "ten"])
def test_a_limit_is_a_whole_number(server: ContractServer, limit: str) -> None:
    with pytest.raises(SystemExit):
        main(options(server, "--limit", limit))


def test_the_module_runs_as_a_command(server: ContractServer) -> None:
    def run(*arguments: str, **env: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aarm", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | env)

    assert run("version").stdout == f"{__version__}\n"
    assert main(["version"]) == 0
    replayed = run(*options(server)[:2], AARM_URL=server.url, AARM_KEY=AGENT_KEY, AARM_HOST_KEY=HOST_KEY)
    assert replayed.returncode == 0, replayed.stderr
    # A terminal that knows only ASCII must not stop the run.
    narrow = run(*options(server), PYTHONIOENCODING="ascii")
    assert narrow.returncode == 0, narrow.stderr
    assert r"\xb7" in narrow.stdout


def test_hostile_text_cannot_steer_the_terminal(server: ContractServer, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b[2Jfine\r\n9  notes\u202e\u2028\x9b\u200b"
    server.fail("decide", faults.with_values(reason=hostile))
    assert main(options(server)) == 0
    out = capsys.readouterr().out
    assert r"\u{1b}[2Jfine\u{d}\u{a}9  notes\u{202e}\u{2028}\u{9b}\u{200b}" in out
    assert all(character.isprintable() or character == "\n" for character in out)


def test_neutral_text_is_one_short_line() -> None:
    assert neutral("Grüße, 世界", width=20) == "Grüße, 世界"
    assert neutral("abcdef", width=4) == "abc…"
    assert len(neutral("\x1b" * 100, width=10)) == 10
