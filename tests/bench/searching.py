"""How long a search over very many receipts takes: its list, the numbers beside it, and the page that has both.

One process asks through the product's own selectors and through its page, one question after the other, so that no
queue hides in the times.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from approvals.models import User
from approvals.services.people import Role, create_person
from receipts.access import Caller, caller_of
from receipts.clock import database_now
from receipts.models import Checkpoint, PublishedKey
from receipts.selectors import Asking, active_key_id, matching, page_of, visible_to
from receipts.selectors.conditions import window_of
from receipts.selectors.grammar import Question, parse_question
from receipts.selectors.log import frontier_at, log_origin, log_size
from receipts.selectors.overview import overview_of
from receipts.selectors.results import with_window
from receipts.selectors.verification import faults_in
from receipts.services import ensure_signing_key
from receipts.services.keys import signer_of
from receipts.signing.checkpoint import Checkpoint as Said
from receipts.signing.checkpoint import sign_checkpoint
from receipts.signing.keys import Signer
from receipts.signing.times import format_time
from tests.bench.machine import parent_of, read_now, usage_between
from tests.bench.population import Crowd, Population, copy_receipts, crowd_of

SPAN = timedelta(days=90)
AGENTS = 200
AUDITOR = "bench-auditor"
DEEP_PAGES = 40


@dataclass(frozen=True, slots=True)
class Timed:
    """Wall milliseconds of each run, the processor's a run (this process and the database's), and who else was busy."""

    wall_ms: Sequence[float]
    processor_ms: float
    others: float


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its list, verified, as the API and the page have it; its numbers; the whole page."""

    question: str
    found: str
    listing: Timed
    numbers: Timed
    page: Timed


def questions(crowd: Crowd) -> tuple[str, ...]:
    """Common, rare, impossible and negative; by each kind of term; short and all time."""
    rare, common = crowd.agents[len(crowd.agents) * 3 // 4], crowd.agents[0]
    return (
        "",
        "since:all",
        "tool:email since:all",
        "decision:DENY since:all",
        "decision:DENY tool:email since:all",
        f"agent:{rare} since:all",
        f"agent:{common} since:all",
        f"-agent:{common} since:all",
        f"human:{crowd.humans[0]} decision:STEP_UP since:30d",
        f"approver:{crowd.approvers[0]} since:all",
        "surface:web since:all",
        "is:test since:all",
        "risk>=high outcome:succeeded since:all",
        "type:policy_published since:all",
        "robot since:all",
        "email since:all",
        "email decision:DENY since:all",
        '"email outside" since:7d',
        "-email since:all",
        "until:30d since:90d tool:payments",
    )


def populate(wanted: int) -> None:
    """Fills an empty database with so many receipts of the last ninety days, under a key that is older than those."""
    ensure_signing_key()
    key_id, now = active_key_id(), database_now()
    key = PublishedKey.objects.get(pk=key_id)
    key.jwk["created_at"] = format_time(now - SPAN - timedelta(days=1))
    key.save()
    population = Population(
        signer=signer_of(key_id),
        crowd=crowd_of(AGENTS),
        first_at=now - SPAN,
        every=SPAN / wanted,
        deployment=settings.AARM_DEPLOYMENT,
    )
    with connection.cursor() as cursor:
        copy_receipts(cursor, population=population, wanted=wanted)  # type: ignore[arg-type]  # it passes calls on
    sign_for_all(signer_of(key_id), at=now)
    create_person(username=AUDITOR, email="bench@corp.example", roles=(Role.AUDITOR,), teams=())


def sign_for_all(signer: Signer, *, at: datetime) -> None:
    """One checkpoint over the whole log, as a deployment has that signed every ten seconds of these ninety days."""
    frontier = frontier_at(log_size())
    note = sign_checkpoint(Said(log_origin(), frontier.size, frontier.root, at), signer=signer)
    Checkpoint.objects.create(size=frontier.size, note=note, signed_at=at)


def _roots() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return {"process": os.getpid(), "database": parent_of(cursor.fetchone()[0])}


def timed(work: Callable[[], object], *, times: int) -> Timed:
    """Runs it once unmeasured, then so many times."""
    work()
    roots, wall = _roots(), []
    before = read_now(roots)
    for _ in range(times):
        started = time.perf_counter()
        work()
        wall.append((time.perf_counter() - started) * 1000)
    usage = usage_between(before, read_now(roots))
    return Timed(wall_ms=wall, processor_ms=sum(usage.trees.values()) * 1000 / times, others=usage.others)


def _listed(caller: Caller, question: Question, *, cursor: str = "") -> str:
    page = page_of(matching(visible_to(caller), question=question, asking=Asking(at=database_now())), cursor=cursor)
    assert faults_in(page.rows) == {}
    return page.next or ""


def _numbers(caller: Caller, question: Question) -> Any:
    asking = Asking(at=database_now())
    since, until = window_of(question, asking=asking)
    counted = matching(visible_to(caller), question=question, asking=asking, is_counted=True)
    return overview_of(counted, since=since or asking.at - SPAN, until=until or asking.at)


def _page(client: Client, text: str) -> None:
    answer = client.get("/receipts", {"q": text}, secure=True)
    assert answer.status_code == 200, answer.status_code


def _asked(caller: Caller, text: str, *, client: Client, times: int) -> Asked:
    question = with_window(parse_question(text))
    overview = _numbers(caller, question)
    return Asked(
        question=question.text,
        found=f"{overview.total:,}{' or more' if overview.is_more else ''}",
        listing=timed(lambda: _listed(caller, question), times=times),
        numbers=timed(lambda: _numbers(caller, question), times=times),
        page=timed(lambda: _page(client, text), times=times),
    )


def _turned(caller: Caller) -> Timed:
    """One page after the other of everything: the distance from the first one must cost nothing."""
    place = [""]

    def turn() -> None:
        place[0] = _listed(caller, parse_question("since:all"), cursor=place[0])

    return timed(turn, times=DEEP_PAGES)


def _sizes(names: Iterable[str]) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_size_pretty(pg_relation_size(oid)) FROM pg_class WHERE relname = ANY(%s)", [list(names)]
        )
        return dict(cursor.fetchall())


def measure(*, times: int) -> dict[str, Any]:
    """Everything, as plain values. Every list that was measured also verified."""
    person, host = User.objects.get(username=AUDITOR), settings.ALLOWED_HOSTS[0]
    client = Client(headers={"host": host})
    client.force_login(person)
    caller = caller_of(person)
    found = [_asked(caller, text, client=client, times=times) for text in questions(crowd_of(AGENTS))]
    sizes = _sizes(("receipts_receipt", "receipt_newest", "receipt_words"))
    return {"asked": [asdict(item) for item in found], "turned": asdict(_turned(caller)), "sizes": sizes}
