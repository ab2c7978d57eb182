"""Processes that answer HTTP requests: children of a test, each the whole application with a connection of its own.
They are told requests on standard input and give answers on standard output."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.e2e.processes import ROOT

READY = "ready"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; a body is sent as JSON."""

    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it, and the statements that it took."""

    status: int
    body: Any
    statements: Sequence[str]

    def reads_of(self, table: str) -> int:
        """How many statements read from a table."""
        return sum(re.search(rf'(FROM|JOIN) "?{table}"?\b', each) is not None for each in self.statements)


@dataclass(frozen=True, slots=True)
class Application:
    """One child."""

    popen: subprocess.Popen[bytes]

    def answer(self, asked: Asked) -> Answered:
        """Asks and waits for the answer."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(json.dumps(asdict(asked)).encode() + b"\n")
        self.popen.stdin.flush()
        return Answered(**self.heard())

    def heard(self) -> Any:
        """The next thing that it says."""
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        assert line, f"An application ended with {self.popen.wait(10)}."
        return json.loads(line)


@contextmanager
def applications(count: int, *, variables: Mapping[str, str]) -> Iterator[list[Application]]:
    """`count` children that have connected."""
    command = [sys.executable, "-m", "tests.integration.applications"]
    popen = [
        subprocess.Popen(command, cwd=ROOT, env=dict(variables), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(count)
    ]
    children = [Application(each) for each in popen]
    try:
        assert [each.heard() for each in children] == [READY] * count
        yield children
    finally:
        for each in popen:
            assert each.stdin is not None
            each.stdin.close()
            each.wait(30)


def _main() -> None:
    import django

    django.setup()

    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    connection.ensure_connection()
    client = Client(raise_request_exception=False)
    _say(READY)
    for line in sys.stdin:
        _say(_answered(client, json.loads(line)))


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _answered(client: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as taken:
        if asked["body"] is None:
            reply = client.get(asked["path"], headers=asked["headers"])
        else:
            content = json.dumps(asked["body"])
            reply = client.post(asked["path"], content, content_type="application/json", headers=asked["headers"])
    body = reply.json() if "json" in reply.headers.get("Content-Type", "") else None
    return {"status": reply.status_code, "body": body, "statements": [each["sql"] for each in taken.captured_queries]}


if __name__ == "__main__":
    _main()
