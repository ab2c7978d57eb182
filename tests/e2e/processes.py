"""Real processes of the product, started for tests with an environment of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
# All that a child gets from this process; what the product reads is said by each test.
INHERITED = ("HOME", "LANG", "PATH", "TMPDIR", "VIRTUAL_ENV", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
# Limits for what hangs, not for what is slow: other processes may have the machine.
STOP_SECONDS = 60.0
COMMAND_SECONDS = 300.0
READY_SECONDS = 180.0


def environment(**variables: str) -> dict[str, str]:
    """The variables of a child process."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return kept | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'sdk'}", "PYTHONUNBUFFERED": "1"} | variables


def run_command(*arguments: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`manage.py …` to its end, whatever its exit code."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=dict(variables), capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip


def seeded(variables: Mapping[str, str]) -> dict[str, Any]:
    """What `seed_demo --json` prints, which must be nothing but that."""
    done = run_command("seed_demo", "--json", variables=variables)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@dataclass(frozen=True, slots=True)
class Process:
    """A child, with its standard output and error in two files."""

    popen: subprocess.Popen[bytes]
    stdout: Path
    stderr: Path

    def says(self) -> str:
        """Both streams so far, for a failure's message."""
        return f"--- stdout\n{self.stdout.read_text()}\n--- stderr\n{self.stderr.read_text()}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Asks it to end and returns its exit code; one that is gone already keeps the code that it had."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        return self.popen.wait(STOP_SECONDS)

    def kill9(self) -> None:
        """Ends it as the loss of power would."""
        self.popen.kill()
        self.popen.wait(STOP_SECONDS)


def start_process(name: str, command: Sequence[str], *, folder: Path, variables: Mapping[str, str]) -> Process:
    """Starts `command` in the project's folder."""
    stdout, stderr = folder / f"{name}.stdout", folder / f"{name}.stderr"
    with stdout.open("ab") as out, stderr.open("ab") as error:
        popen = subprocess.Popen(list(command), cwd=ROOT, env=dict(variables), stdout=out, stderr=error)
    return Process(popen=popen, stdout=stdout, stderr=stderr)


def is_ready(process: Process, url: str) -> bool:
    """Whether `/readyz` says so; fails at once when the process is gone."""
    assert process.popen.poll() is None, f"It ended with {process.popen.returncode}.\n{process.says()}"
    try:
        return httpx.get(f"{url}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def wait_ready(process: Process, url: str) -> None:
    """Until the process may be sent requests."""
    try:
        wait_until(lambda: is_ready(process, url), f"{url}/readyz is good", seconds=READY_SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{process.says()}") from error
