"""Where the time of one decision goes: its phases and its SQL statements, measured inside one idle process."""

from __future__ import annotations

import json
import re
import secrets
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from django.db import connection
from django.test import Client

from tests.bench.action import body_for
from tests.bench.load import PATHS, Target
from tests.bench.profiles import OUTSIDE, Phase, Profile, Statement
from tests.bench.stopwatch import Moment, Stopwatch, moment, timed_phases

_SUBMISSION, _TURNS = "decisions.services.submission", "decisions.services.turns"
# Where each phase is entered. A phase's time is without that of the phases inside it.
PLACES = {
    "decisions.api.authentication:authenticate": "authentication",
    "decisions.api.views:read_body": "parse the body",
    "decisions.api.views:submit_action": "the service, between its phases",
    f"{_SUBMISSION}:earlier_answer": "idempotency: look up",
    f"{_TURNS}:locked_with_chain": "lock and load session and chain",
    f"{_TURNS}:judge_action": "context and evaluation digest",
    "decisions.services.evaluation:judge": "evaluate the policy",
    f"{_TURNS}:committed_values": "commitments",
    f"{_TURNS}:_chain": "context entry",
    f"{_SUBMISSION}:prepared": "what follows from the action alone",
    f"{_TURNS}:decision_row": "the decision's row",
    f"{_TURNS}:issue_receipt": "receipt",
    "receipts.services.issuing:build_statement": "receipt: statement",
    "receipts.services.issuing:sha256_digest": "receipt: digest",
    "receipts.signing.keys:SigningKey.sign": "receipt: signature",
    "receipts.rows:Batch.write": "write all rows, commit, wait for the disk",
    f"{_TURNS}:decision_answer": "answer",
    f"{_TURNS}:remember": "idempotency: keep the answer",
    "django.db.backends.base.base:BaseDatabaseWrapper.commit": "commit",
}
# The last table that a SELECT names after FROM is its own: the others are those of subqueries among its columns.
_SHAPES = (
    (re.compile(r'SELECT 1 FROM "(\w+)".* FOR UPDATE', re.DOTALL), "SELECT 1 {} FOR UPDATE"),
    (re.compile(r'SELECT .* FROM "(\w+)".* FOR UPDATE', re.DOTALL), "SELECT {} FOR UPDATE"),
    (re.compile(r'SELECT .* FROM "(\w+)"', re.DOTALL), "SELECT {}"),
    (re.compile(r'INSERT INTO "(\w+)"'), "INSERT {}"),
    (re.compile(r'UPDATE "(\w+)"'), "UPDATE {}"),
)
_PARTS = re.compile(r'(INSERT|UPDATE)(?: INTO)? "(\w+)"')


Ask: TypeAlias = Callable[[], None]
T = TypeVar("T")


def _asking(path: str, *, session_id: str, agent_key: str) -> Ask:
    client = Client(HTTP_HOST="127.0.0.1")
    body = json.dumps(body_for(session_id))
    headers = {"Authorization": f"Bearer {agent_key}"}

    def ask() -> None:
        key = {"Idempotency-Key": secrets.token_hex(16)}
        answer = client.post(path, body, content_type="application/json", headers=headers | key)
        assert answer.status_code == 200, answer.content

    return ask


def profile_decide(*, session_id: str, agent_key: str, requests: int) -> Profile:
    """Each measurement by itself, so that none weighs on another."""
    asks = {target: _asking(path, session_id=session_id, agent_key=agent_key) for target, path in PATHS.items()}
    for ask in asks.values():
        for _ in range(max(5, requests // 10)):
            ask()
    # In turns, so that what slows the machine slows all.
    turns = [{target: _whole(ask) for target, ask in asks.items()} for _ in range(requests)]
    return Profile(
        requests=requests,
        phases=_phases(asks[Target.DECIDE], requests=requests),
        statements=_statements(asks[Target.DECIDE], requests=requests),
        whole_us={target.value: _mean_us([turn[target] for turn in turns]) for target in asks},
    )


def _whole(ask: Ask) -> Moment:
    started = moment()
    ask()
    return moment() - started


def _mean_us(taken: Sequence[Moment]) -> float:
    return 1e6 * statistics.mean(_faster_half([each.wall for each in taken], key=float))


def _faster_half(items: Sequence[T], *, key: Callable[[T], float]) -> Sequence[T]:
    """Whatever else the machine does only ever adds time, so the slower half says little about the code."""
    return sorted(items, key=key)[: (len(items) + 1) // 2]


def _phases(ask: Ask, *, requests: int) -> tuple[Phase, ...]:
    watch, found = Stopwatch(), []
    with timed_phases(PLACES, watch=watch):
        for _ in range(requests):
            watch.run(OUTSIDE, ask)
            found.append(watch.take())
    half = _faster_half(found, key=lambda taken: sum(each.wall for each in taken.values()))
    names = sorted({name for taken in half for name in taken})
    phases = [_phase(name, [taken[name] for taken in half if name in taken], requests=len(half)) for name in names]
    return tuple(sorted(phases, key=lambda phase: -phase.total_us))


def _phase(name: str, taken: Sequence[Moment], *, requests: int) -> Phase:
    processor = 1e6 * sum(each.processor for each in taken) / requests
    wall = 1e6 * sum(each.wall for each in taken) / requests
    return Phase(name=name, processor_us=processor, waiting_us=max(0.0, wall - processor))


def shape_of(sql: str) -> str:
    """The verbs and tables of a statement, its values and columns left out."""
    if sql.startswith("WITH "):
        return "WITH " + ", ".join(f"{verb} {table}" for verb, table in _PARTS.findall(sql))
    for pattern, shape in _SHAPES:
        match = pattern.match(sql)
        if match:
            return shape.format(match.group(1))
    return sql[:60]


def _statements(ask: Ask, *, requests: int) -> tuple[Statement, ...]:
    taken: defaultdict[str, list[float]] = defaultdict(list)
    with connection.execute_wrapper(partial(_timed_statement, taken)):
        for _ in range(requests):
            ask()
    return tuple(
        Statement(shape, count=len(times) / requests, mean_us=1e6 * statistics.mean(_faster_half(times, key=float)))
        for shape, times in taken.items()
    )


def _timed_statement(
    taken: Mapping[str, list[float]],
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,
    context: Mapping[str, Any],
) -> Any:
    started = moment()
    try:
        return execute(sql, params, many, context)
    finally:
        taken[shape_of(sql)].append((moment() - started).wall)
