"""Ids of others can't be told from ids that nobody has: not by the answer, and not by what is done to find it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from time import perf_counter
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from receipts.identifiers import new_id
from tests.api.doors import Door, Reply, problem_of, row_counts
from tests.api.matrix import OWNED, OWNED_BY_BODY, Caller, address, callers_of, content_of
from tests.api.routes import Route, every_route
from tests.api.world import World, make_world

_ID = re.compile(r"\b([a-z]{3})_[0-9a-z]{26}\b")
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+\b|\bs\d+_x\d+\b")
STRANGERS = ("agent2", "host2", "review2")
TRIES = 10_000


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: who asks for what, and with which body."""

    caller: Caller
    method: str
    path: str
    body: bytes = b""
    kind: str = ""

    def about_nothing(self) -> Asked:
        """The same about ids that nobody has."""
        body = _ID.sub(_absent, self.body.decode()).encode()
        return replace(self, path=_ID.sub(_absent, self.path), body=body)


def _absent(found: re.Match[str]) -> str:
    return f"{found[1]}_{'0' * 26}"


def send(asked: Asked) -> tuple[Any, list[str]]:
    """What is told, without what differs between any two requests, and the statements that it took."""
    client = asked.caller.client()
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        reply = client.generic(
            asked.method, asked.path, asked.body, content_type=asked.kind, headers=asked.caller.headers
        )
        transaction.set_rollback(True)
    return told(reply), [_LITERAL.sub("?", query["sql"]) for query in captured]


def told(reply: Reply) -> Any:
    request_id = reply["X-Request-Id"]
    headers = {name: value.replace(request_id, "") for name, value in reply.items()}
    nonces = re.sub(r'(csrfmiddlewaretoken" value="|/[a-z]+/)[\w]+', r"\1", reply.content.decode())
    return reply.status_code, headers, _ID.sub(_absent, nonces.replace(request_id, ""))


def questions(world: World) -> Iterator[Asked]:
    """Whatever may be asked about something of ours by the other camp."""
    callers = callers_of(world)
    for route in every_route():
        for method in () if route.is_socket else ("GET", "POST"):
            if OWNED & set(route.parameters) or (method == "POST" and route.template in OWNED_BY_BODY):
                yield from _asked(callers, method, route, world=world)


def _asked(callers: dict[str, Caller], method: str, route: Route, *, world: World) -> Iterator[Asked]:
    path = address(route, world=world, camp=world.ours)
    for name in STRANGERS:
        body, kind = content_of(callers[name], route, camp=world.ours) if method == "POST" else (b"", "")
        yield Asked(callers[name], method, path, body, kind)


@pytest.mark.case("APR-41")
def test_an_id_of_others_and_one_of_nobody_get_the_same_answer_after_the_same_statements(world: World) -> None:
    before, hidden = row_counts(), 0
    for asked in questions(world):
        if send(asked)[0][0] != 404:
            continue
        # What a process has remembered since is the same for both of these.
        foreign, absent = send(asked), send(asked.about_nothing())
        assert foreign == absent, (asked.method, asked.path)
        hidden += 1
    assert hidden > 40
    assert row_counts() == before
    pending = Asked(callers_of(world)["review"], "GET", f"/a/{world.ours.pending.approval.pk}")
    assert send(pending)[0] != send(pending.about_nothing())[0], "the control: who may see it is told of it"


@pytest.mark.nightly
@pytest.mark.case("APR-41")
def test_no_id_is_hit_and_how_long_an_answer_takes_does_not_tell_others_ids_from_none(world: World) -> None:
    door, foreign = Door(world.theirs.agent_key), str(world.ours.approved.answer["decision_id"])
    assert Door(world.ours.agent_key).get(f"/api/v1/decisions/{foreign}").status_code == 200
    took: dict[bool, list[float]] = {True: [], False: []}
    order = [True, False] * TRIES
    # In no order, so that whatever else the machine does falls on both alike.
    Random(TRIES).shuffle(order)
    for is_foreign in order:
        path = f"/api/v1/decisions/{foreign if is_foreign else new_id('dec')}"
        begun = perf_counter()
        reply = door.get(path)
        took[is_foreign].append(perf_counter() - begun)
        problem_of(reply, status=404, code="not_found")
    assert 0.45 < separability(took[True], took[False]) < 0.55


def separability(some: list[float], others: list[float]) -> float:
    """How often one of `some` is the longer one of a pair: one half where nothing tells the two apart."""
    both = sorted([(time, True) for time in some] + [(time, False) for time in others])
    ranks = sum(rank for rank, (_, is_some) in enumerate(both, start=1) if is_some)
    return (ranks - len(some) * (len(some) + 1) / 2) / (len(some) * len(others))
