"""Processes that decide: children of a test, each with a connection of its own, that are told on standard input what to
do and answer on standard output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.processes import ROOT, environment

READY = "ready"


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to ask, one after the other: `tool.operation` and parameters, in this session or a new one.

    `claim` with `decision_id` and `action_digest` claims, `open` with `human` and `agent` opens a session of what that
    human delegated to that agent; what either comes to is its answer, under its own name. With several `threads` they
    are asked side by side, each thread with a connection of its own.
    """

    key: str
    session: str
    actions: Sequence[tuple[str, Mapping[str, Any]]]
    threads: int = 1

    def as_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Decider:
    """One child."""

    popen: subprocess.Popen[bytes]

    def tell(self, order: Order) -> None:
        """Sends it off and returns at once."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(order.as_line())
        self.popen.stdin.flush()

    def heard(self) -> Any:
        """The next thing that it says: `ready`, or the answers to an order."""
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        assert line, f"A decider ended with {self.popen.wait(10)}."
        return json.loads(line)


@contextmanager
def deciders(count: int, *, variables: Mapping[str, str]) -> Iterator[list[Decider]]:
    """`count` children that have connected."""
    command = [sys.executable, "-m", "tests.integration.deciders"]
    crew = [
        Decider(subprocess.Popen(command, cwd=ROOT, env=dict(variables), stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        for _ in range(count)
    ]
    try:
        assert [each.heard() for each in crew] == [READY] * count
        yield crew
    finally:
        for each in crew:
            assert each.popen.stdin is not None
            each.popen.stdin.close()
            each.popen.wait(30)


def own_database() -> dict[str, str]:
    """The variables of a child that works on this test's own database."""
    from django.conf import settings
    from django.db import connection

    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return environment(
        DJANGO_SETTINGS_MODULE="aarm_site.settings.test",
        DATABASE_URL=url,
        REDIS_URL=os.environ["REDIS_URL"],
        AARM_DATA_DIR=str(settings.AARM_DATA_DIR),
    )


def _main() -> None:
    import django

    django.setup()

    from django.db import connection

    connection.ensure_connection()
    _say(READY)
    for line in sys.stdin:
        _say(_answers(json.loads(line)))


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _answers(order: Mapping[str, Any]) -> list[Any]:
    from decisions.services.identity import authenticate
    from decisions.services.sessions import NewSession, open_session

    caller = authenticate(order["key"])
    session = order["session"]
    if not session and caller.kind == "agent":
        session = open_session(caller=caller, new=NewSession(original_request="Do it.")).pk

    def ask(action: tuple[str, Mapping[str, Any]]) -> Any:
        name, parameters = action
        special = {"claim": _claimed, "open": _opened}.get(name)
        return special(caller, parameters) if special else _decided(caller, session, name, parameters)

    if order["threads"] == 1:
        return [ask(each) for each in order["actions"]]
    return _side_by_side(ask, order["actions"], threads=order["threads"])


def _side_by_side(ask: Callable[[Any], Any], actions: Sequence[Any], *, threads: int) -> list[Any]:
    from django.db import connection

    ready = Barrier(threads)

    def begin() -> None:
        connection.ensure_connection()
        ready.wait(60)

    with ThreadPoolExecutor(threads, initializer=begin) as pool:
        found = list(pool.map(ask, actions))
        # Once more for each thread, so that none keeps its connection.
        leaving = Barrier(threads)

        def leave(_: int) -> None:
            leaving.wait(60)
            connection.close()

        list(pool.map(leave, range(threads)))
    return found


def _decided(caller: Any, session: str, name: str, parameters: Mapping[str, Any]) -> Any:
    from decisions.intake.bodies import DecideBody
    from decisions.services.submission import submit_action
    from receipts.problems import ProblemError

    tool, _, operation = name.rpartition(".")
    asked = {"session_id": session, "tool": tool, "operation": operation, "parameters": parameters}
    try:
        return json.loads(submit_action(caller=caller, body=DecideBody.model_validate(asked), key="").content)
    except ProblemError as problem:
        return {"refused": problem.code}


def _claimed(caller: Any, named: Mapping[str, str]) -> dict[str, str]:
    from decisions.services.claims import ClaimRequest, claim_decision
    from receipts.problems import ProblemError

    wanted = ClaimRequest(action_digest=named["action_digest"])
    try:
        claim_decision(caller=caller, decision_id=named["decision_id"], wanted=wanted, key="")
    except ProblemError as problem:
        return {"claim": problem.code}
    return {"claim": "ok"}


def _opened(caller: Any, named: Mapping[str, str]) -> dict[str, str]:
    from decisions.intake.errors import IntakeError
    from decisions.services.delegations import NamedHop
    from decisions.services.sessions import NewSession, open_session
    from receipts.clock import database_now

    at, human, agent = database_now(), named["human"], named["agent"]
    hop = NamedHop(delegator=human, delegatee=agent, scope=("read",), issued_at=at, expires_at=at + timedelta(hours=1))
    new = NewSession(original_request="Do it.", human=human, agent=agent, delegation=(hop,))
    try:
        open_session(caller=caller, new=new)
    except IntakeError as refused:
        return {"open": refused.code}
    return {"open": "ok"}


if __name__ == "__main__":
    _main()
