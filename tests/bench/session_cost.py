"""What a decision costs in sessions of different lengths, and with different numbers of sessions live.

All of one kind are measured in turns, one decision each, so that what slows the machine slows all of them; what counts
are the ratios within a turn. One process asks the product's own service: a server would add the same to each.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle

from django.db import connection, transaction

from decisions.intake.bodies import DecideBody
from decisions.models import Session
from decisions.selectors import verification_of
from decisions.services.identity import authenticate
from decisions.services.policies import publish_policy
from decisions.services.registration import register_agent, register_host
from decisions.services.sessions import NewSession, open_session
from decisions.services.submission import submit_action
from receipts.access import Caller
from receipts.services import ensure_signing_key
from tests.bench.action import body_for, policy_text
from tests.bench.long_sessions import lengthen
from tests.bench.machine import parent_of, read_now, usage_between
from tests.bench.seeding import HUMAN, REQUEST
from tests.bench.session_scale import Found, Scale


@dataclass(frozen=True, slots=True)
class _Parties:
    agent: Caller
    host: Caller

    def open(self) -> str:
        new = NewSession(original_request=REQUEST, human=HUMAN, agent=self.agent.id)
        return open_session(caller=self.host, new=new).pk

    def decide(self, session_id: str) -> None:
        answer = submit_action(caller=self.agent, body=DecideBody.model_validate(body_for(session_id)), key="")
        assert b'"effective":"ALLOW"' in answer.content, answer.content


def _set_up() -> _Parties:
    ensure_signing_key()
    publish_policy(text=policy_text(), source="bench.yaml", actor=None)
    agent, host = register_agent(name="bench-agent"), register_host(name="bench-host")
    return _Parties(agent=authenticate(agent.key), host=authenticate(host.key))


def measure_sessions(scale: Scale) -> Found:
    """Seeds and measures. Every chain must hold afterwards, or the numbers are worth nothing."""
    parties = _set_up()
    long = {length: parties.open() for length in scale.lengths}
    for length, session_id in long.items():
        lengthen(session_id, to=length)
    with connection.cursor() as cursor:
        # What autovacuum does by and by; the application's role may not.
        cursor.execute("SELECT pg_backend_pid()")
        roots = {"process": os.getpid(), "database": parent_of(cursor.fetchone()[0])}
    before = read_now(roots)
    lengths = _in_turns({length: _always(parties, long[length]) for length in scale.lengths}, scale=scale)
    live = _in_turns({number: _around(parties, number, scale=scale) for number in scale.live}, scale=scale)
    usage = usage_between(before, read_now(roots))
    rows = {length: Session.objects.get(pk=session_id) for length, session_id in long.items()}
    assert all(verification_of(row, after="")["is_intact"] for row in rows.values())
    return Found(lengths=lengths, live=live, state_bytes=_sizes(rows), others=usage.others)


def _sizes(rows: Mapping[int, Session]) -> dict[int, int]:
    with connection.cursor() as cursor:
        found = {}
        for length, row in rows.items():
            cursor.execute("SELECT octet_length(state::text) FROM decisions_session WHERE id = %s", [row.pk])
            found[length] = cursor.fetchone()[0]
    return found


def _always(parties: _Parties, session_id: str) -> Callable[[], None]:
    return lambda: parties.decide(session_id)


def _around(parties: _Parties, number: int, *, scale: Scale) -> Callable[[], None]:
    """A decision in one after the other of so many open sessions, none of which is the first that it has."""
    with transaction.atomic():
        sessions = [parties.open() for _ in range(number)]
        step = max(1, number // (scale.turns + scale.warm_turns))
        visited = sessions[::step]
        for session_id in visited:
            parties.decide(session_id)
    turns = cycle(visited)
    return lambda: parties.decide(next(turns))


def _in_turns(works: Mapping[int, Callable[[], None]], *, scale: Scale) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {name: [] for name in works}
    for turn in range(scale.warm_turns + scale.turns):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if turn >= scale.warm_turns:
                found[name].append((time.perf_counter() - started) * 1000)
    return found
