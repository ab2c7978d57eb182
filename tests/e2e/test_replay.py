"""`aarm replay` against the real server: recorded traces go through `/decide` as their agents would have sent them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.people import sign_in
from tests.e2e.processes import ROOT, run_command
from tests.e2e.servers import Servers, start_embedded

TRACES = ROOT / "tests" / "fixtures" / "traces" / "errands.jsonl"
WRITES = ("write", "egress")
Line = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Seeded for its keys, then under the replay policy. Its own: that policy would be in the way of other tests."""
    servers = start_embedded(tmp_path_factory.mktemp("replay"))
    published = run_command("policy", "publish", "replay", variables=servers.variables)
    assert published.returncode == 0, published.stderr
    yield servers
    servers.stop()


def replay(server: Servers, path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    keys = {"AARM_HOST_KEY": server.seed["host_key"], "AARM_KEY": server.seed["agents"][0]["key"]}
    return subprocess.run(
        [sys.executable, "-m", "aarm", "replay", str(path), *options],
        cwd=ROOT, env={**server.variables, "AARM_URL": server.base_url, **keys},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def replayed(server: Servers, path: Path, *options: str) -> tuple[list[Line], Line]:
    """The traces' results and the tally."""
    done = replay(server, path, "--json", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    *traces, tally = [json.loads(line) for line in done.stdout.splitlines()]
    return traces, tally


def recorded(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def get(server: Servers, path: str, **query: str) -> Line:
    headers = {"Authorization": f"Bearer {server.seed['agents'][0]['key']}"}
    answer = httpx.get(f"{server.base_url}/api/v1/{path}", params=query, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    found: Line = answer.json()
    return found


def test_reads_run_and_writes_wait_for_a_person(server: Servers) -> None:
    traces, tally = replayed(server, TRACES)
    steps = [step for trace in traces for step in trace["steps"]]
    assert len(traces) == len(recorded(TRACES))
    assert [step["tool"] for step in steps] == [step["tool"] for trace in recorded(TRACES) for step in trace["steps"]]
    for step in steps:
        # `notes` was recorded both reading and writing; the catalogue believes the stronger one.
        is_read = step["effect"] == "read"
        assert (step["decision"], step["is_executed"]) == (("ALLOW", True) if is_read else ("STEP_UP", False)), step
    assert {row["decision"] for row in tally["decisions"]} == {"ALLOW", "STEP_UP"}
    assert {row["effect"] for row in tally["decisions"] if row["decision"] == "STEP_UP"} == set(WRITES)


def test_every_step_is_in_its_session_with_the_request_and_the_output(server: Servers) -> None:
    first, *_ = replayed(server, TRACES)[0]
    trace = recorded(TRACES)[0]
    session = get(server, f"sessions/{first['session_id']}")
    assert (session["request_provenance"], session["actions"]) == ("attested", len(trace["steps"]))
    kinds = [entry["body"]["kind"] for entry in get(server, f"sessions/{first['session_id']}/entries")["results"]]
    assert kinds.count("action") == len(trace["steps"])
    assert kinds.count("outcome") == sum(step["is_executed"] for step in first["steps"])
    assert kinds.count("message") == sum(len(step.get("user_turns", [])) for step in trace["steps"])
    assert kinds[0] == "request"


def test_what_waits_is_withdrawn_so_that_the_inbox_stays_usable(server: Servers) -> None:
    replayed(server, TRACES)
    with sign_in(server, "trent") as admin:
        assert admin.get("/api/v1/approvals?state=pending").json()["results"] == []
        kept, _ = replayed(server, TRACES, "--no-cancel-pending", "--limit", "1")
        waiting = sum(step["decision"] == "STEP_UP" for trace in kept for step in trace["steps"])
        assert waiting > 0
        assert len(admin.get("/api/v1/approvals?state=pending").json()["results"]) == waiting


def test_the_table_is_for_people(server: Servers) -> None:
    done = replay(server, TRACES)
    assert done.returncode == 0, done.stderr
    assert "look_up_room" in done.stdout
    assert f"{len(recorded(TRACES))} traces, 8 steps" in done.stdout
    assert "\x1b" not in done.stdout


def test_an_effect_that_was_registered_first_is_not_replaced(server: Servers, tmp_path: Path) -> None:
    replayed(server, TRACES)
    trace = recorded(TRACES)[0]
    trace["steps"] = [{**step, "effect": "read"} for step in trace["steps"] if step["tool"] == "book_room"]
    path = tmp_path / "claims.jsonl"
    path.write_text(json.dumps(trace) + "\n", encoding="utf-8")
    done = replay(server, path, "--json")
    steps = json.loads(done.stdout.splitlines()[0])["steps"]
    assert {step["decision"] for step in steps} == {"STEP_UP"}, "A trace relabelled a write as a read."
    assert "already registered" in done.stderr


def test_a_wrong_key_ends_it_with_a_sentence(server: Servers) -> None:
    done = replay(server, TRACES, "--host-key", "ahk_unknown")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("aarm: ")
    assert "Traceback" not in done.stderr
