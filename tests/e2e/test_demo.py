"""`./run demo` beside a running `./run`: a real agent, a real mail server, and a person who answers."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.people import SignedIn, sign_in_by_link
from tests.e2e.processes import ROOT, Process, run_command
from tests.e2e.servers import HOST, Servers, embedded_variables, start_serve
from tests.engines import free_port
from tests.waiting import wait_until

LINK = re.compile(r"http\S+/accounts/link/\S+")
APPROVAL = re.compile(r"/a/(apr_[a-z0-9]+)")
OFFERED = "arrived  ana@partner.example: Renewal"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """What a newcomer has after `./run`: the starter policy, the first admin, and nothing else."""
    folder = tmp_path_factory.mktemp("demo")
    variables = embedded_variables(folder, port=free_port())
    process = start_serve(folder, variables=variables)
    url = f"http://{HOST}:{variables['AARM_PORT']}"
    yield Servers(base_url=url, decide_url=url, seed={}, variables=variables, processes={"serve": process})
    process.stop()


@pytest.fixture
def demo(server: Servers, tmp_path: Path) -> Iterator[Process]:
    """The demo's process, as far as the step that needs a person."""
    process = start_demo(server, folder=tmp_path)
    wait_until(lambda: APPROVAL.search(told(process)) or process.popen.poll() is not None, "the demo asks")
    assert process.popen.poll() is None, process.says()
    yield process
    if process.popen.poll() is None:
        os.killpg(process.popen.pid, signal.SIGKILL)
    process.popen.wait()


def start_demo(server: Servers, *, folder: Path) -> Process:
    """In a process group of its own, like a command at a terminal: what stops it reaches the agent too."""
    stdout, stderr = folder / "demo.stdout", folder / "demo.stderr"
    command = [sys.executable, "manage.py", "demo"]
    with stdout.open("wb") as out, stderr.open("wb") as error:
        popen = subprocess.Popen(
            command, cwd=ROOT, env=dict(server.variables), stdout=out, stderr=error, start_new_session=True
        )
    return Process(popen=popen, stdout=stdout, stderr=stderr)


def told(demo: Process) -> str:
    return demo.stdout.read_text(encoding="utf-8")


def folder_of(server: Servers) -> Path:
    return Path(server.variables["AARM_DATA_DIR"]) / "demo"


def reviewer(server: Servers, demo: Process) -> SignedIn:
    found = LINK.search(told(demo))
    assert found is not None, demo.says()
    return sign_in_by_link(server, found[0])


def approval_of(demo: Process) -> str:
    found = APPROVAL.search(told(demo))
    assert found is not None, demo.says()
    return found[1]


def verify(server: Servers, receipts: Path, *, keys: Path) -> subprocess.CompletedProcess[str]:
    """The offline verifier, as the demo's last line says."""
    exported = run_command("keys", "export", variables=server.variables)
    assert exported.returncode == 0, exported.stderr
    keys.write_text(exported.stdout, encoding="utf-8")
    command = [sys.executable, "-m", "receipts.signing", "verify", "--keys", str(keys), str(receipts)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_story_with_an_approval(server: Servers, demo: Process, tmp_path: Path) -> None:
    assert OFFERED not in told(demo), "Nothing leaves before somebody has said yes."
    with reviewer(server, demo) as person:
        # It can be taken back for a moment before the agent is told.
        assert person.vote(approval_of(demo)).json()["state"] == "HELD"
    assert demo.popen.wait(30) == 0, demo.says()
    words = re.findall(r"^     (ALLOW|MODIFY|DENY|STEP_UP|approved|arrived|ran|not run)\b", told(demo), re.MULTILINE)
    assert words == [
        "ALLOW", "ran",
        "STEP_UP", "approved", "arrived", "ran",
        "MODIFY", "ran",
        "DENY", "not run",
        "ALLOW", "arrived", "ran",
    ]  # fmt: skip
    assert OFFERED in told(demo)
    assert "limit → 100" in told(demo)
    assert "100 of 250 rows came back" in told(demo)
    assert (folder_of(server) / "files" / "contract.txt").exists(), "What was denied had an effect."
    receipts = folder_of(server) / "receipts.jsonl"
    verdict = verify(server, receipts, keys=tmp_path / "keys.json")
    assert verdict.returncode == 0, verdict.stderr
    envelopes = receipts.read_text(encoding="utf-8").splitlines(keepends=True)
    assert f"VALID: {len(envelopes)} receipts" in verdict.stdout
    assert len(envelopes) > 10
    receipts.write_text("".join(envelopes[:3] + envelopes[4:]), encoding="utf-8")
    assert verify(server, receipts, keys=tmp_path / "keys.json").returncode == 2, "A missing receipt went unnoticed."


def test_the_story_with_a_denial(server: Servers, demo: Process) -> None:
    with reviewer(server, demo) as person:
        assert person.vote(approval_of(demo), verdict="deny").json()["state"] == "DENIED"
    assert demo.popen.wait(30) == 0, demo.says()
    assert "the person said no" in told(demo)
    assert OFFERED not in told(demo)
    assert "arrived  alice@corp.example: Done" in told(demo), "The task goes on without the step."


def test_it_can_be_stopped_while_it_waits(demo: Process) -> None:
    os.killpg(demo.popen.pid, signal.SIGINT)
    assert demo.popen.wait(15) == 130, demo.says()
    assert "Stopped." in told(demo)
    assert "Traceback" not in demo.says()


def test_a_file_gets_no_colours(demo: Process) -> None:
    assert "\x1b" not in told(demo)


def test_without_a_server_it_says_what_to_do(server: Servers) -> None:
    done = run_command("demo", variables={**server.variables, "AARM_PORT": str(free_port())})
    assert done.returncode == 1
    assert "Start it with ./run in another terminal" in done.stderr
    assert "Traceback" not in done.stderr


def test_with_another_folder_it_says_that_the_server_does_not_know_it(server: Servers, tmp_path: Path) -> None:
    other = {**server.variables, "AARM_DATA_DIR": str(tmp_path / "other")}
    for first in ("migrate", "seed_demo"):
        assert run_command(first, variables=other).returncode == 0
        done = run_command("demo", variables=other)
        assert done.returncode == 1
        assert "AARM_DATA_DIR" in done.stdout + done.stderr


def test_the_customers_are_really_in_a_table(demo: Process, server: Servers) -> None:
    with sqlite3.connect(folder_of(server) / "customers.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM customers").fetchone() == (250,)
