"""Redis, workers and processes that are lost: nothing committed stays unsaid, nothing is done twice, nobody waits."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings, settings
from django.db import connection

from approvals.models import ApprovalRequest, OutboxEvent
from approvals.services.outbox import relay_unsent
from approvals.tasks import expire_approvals, relay_outbox
from decisions.models import Deferral
from decisions.tasks import expire_deferrals
from receipts.models import Receipt
from tests.api.doors import Door, open_transaction_kept, row_counts
from tests.e2e.processes import ROOT, environment
from tests.engines import free_port
from tests.factories import Cast, begin_session, decide, make_cast, open_step_up, vote
from tests.integration.sockets import REFETCH, next_message, socket_of, talk


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """What happens here is committed, and so announced."""
    return make_cast()


# Commits a request and dies before it tells anybody, as the loss of power between the two would.
DIES_AFTER_COMMIT = """
import os, django
django.setup()
from approvals.services import outbox
outbox.announce = lambda: os._exit(9)
from decisions.intake.bodies import DecideBody
from decisions.services.identity import authenticate
from decisions.services.submission import submit_action
body = DecideBody.model_validate({"session_id": SESSION, "tool": "email", "parameters": {"to": "a@b.example"},
                                  "operation": "send"})
submit_action(caller=authenticate(KEY), body=body, key="")
"""


def process_that_dies(cast: Cast, session: str) -> int:
    """Runs the above on this test's database; its exit code."""
    values = connection.get_connection_params()
    url = f"postgresql://{values['user']}@/{values['dbname']}?host={values['host']}"
    variables = environment(
        DJANGO_SETTINGS_MODULE="aarm_site.settings.dev",
        DATABASE_URL=url,
        AARM_DATA_DIR=str(settings.AARM_DATA_DIR),
        AARM_SECRET_KEY=settings.SECRET_KEY,
    )
    script = f"SESSION, KEY = {session!r}, {cast.agent_key!r}\n{DIES_AFTER_COMMIT}"
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=variables, check=False, timeout=60).returncode


def age(events: int) -> None:
    """Makes unsent events older than the time that their own process has for them."""
    aged = OutboxEvent.objects.filter(sent_at__isnull=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE approvals_outboxevent SET created_at = aarm_now() - interval '3 s' WHERE sent_at IS NULL"
        )
    assert aged.count() == events


@pytest.mark.case("FLT-14")
def test_what_a_dead_process_left_unsaid_is_said_by_another(cast: Cast) -> None:
    session = begin_session(cast)
    assert process_that_dies(cast, session) == 9
    (request,) = ApprovalRequest.objects.all()
    event = OutboxEvent.objects.get(reference=request.pk)
    assert (event.topic, event.sent_at) == ("approval_opened", None)

    async def conversation(socket: WebsocketCommunicator) -> None:
        # Within its lease the event still belongs to whoever committed it.
        assert await sync_to_async(relay_unsent)() == 0
        await sync_to_async(age)(1)
        assert await sync_to_async(relay_unsent)() == 1
        assert await next_message(socket) == REFETCH

    talk(socket_of(cast.bob), conversation)
    event.refresh_from_db()
    assert event.sent_at is not None
    assert relay_unsent() == 0


@pytest.mark.case("FLT-15", "APR-29")
def test_every_task_five_times_and_in_any_order_ends_alike(cast: Cast, move_clock: Callable[[float], None]) -> None:
    session = begin_session(cast)
    late = open_step_up(cast, name="calendar.create", parameters={"title": "x"}, session_id=session)
    deferred = decide(cast, session, "credentials.rotate", parameters={})
    approved = open_step_up(cast, session_id=session)
    vote(approved, cast.bob)
    move_clock(400)
    tasks = (expire_approvals, relay_outbox, expire_deferrals)
    for order in (tasks, tasks[::-1]):
        for task in order:
            task()
    after = row_counts()
    states = list(ApprovalRequest.objects.order_by("pk").values_list("state", "resolved_at"))
    for number in range(5):
        for offset in range(3):
            assert tasks[(number + offset) % 3]() == 0
    assert row_counts() == after
    assert list(ApprovalRequest.objects.order_by("pk").values_list("state", "resolved_at")) == states
    assert ApprovalRequest.objects.get(pk=late.approval.pk).state == "EXPIRED"
    assert ApprovalRequest.objects.get(pk=approved.approval.pk).state == "APPROVED"
    assert Deferral.objects.get(pk=deferred["deferral"]["id"]).state == "EXPIRED"
    assert Receipt.objects.filter(approval_id=late.approval.pk, type="approval_terminal").count() == 1


@dataclass(frozen=True, slots=True)
class Layer:
    """Where announcements go."""

    settings: LazySettings

    def move_to(self, address: str) -> None:
        found = json.loads(json.dumps(self.settings.CHANNEL_LAYERS))
        found["default"]["CONFIG"]["hosts"][0]["address"] = address
        self.settings.CHANNEL_LAYERS = found
        channel_layers.backends = {}


@pytest.fixture
def layer(settings: LazySettings) -> Iterator[Layer]:
    yield Layer(settings)
    channel_layers.backends = {}


@pytest.mark.case("FLT-10")
def test_without_redis_every_decision_is_as_it_was_and_notices_flow_when_it_is_back(cast: Cast, layer: Layer) -> None:
    door, session = Door(cast.agent_key), begin_session(cast)
    address = settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"][0]["address"]
    wanted = answers(door, session)
    layer.move_to(f"redis://127.0.0.1:{free_port()}")
    assert answers(door, session) == wanted == [(200, "ALLOW"), (200, "DENY"), (202, "STEP_UP"), (200, "MODIFY")]
    step = open_step_up(cast, session_id=session)
    assert vote(step, cast.bob).state == "APPROVED"
    assert door.claim(step.answer).status_code == 200
    unsent = OutboxEvent.objects.filter(sent_at__isnull=True).count()
    # Two requests were opened, one was approved and then claimed.
    assert unsent == 4
    age(unsent)
    assert relay_unsent() == 0
    layer.move_to(address)

    async def conversation(socket: WebsocketCommunicator) -> None:
        assert await sync_to_async(relay_unsent)() == unsent
        assert await next_message(socket) == REFETCH

    talk(socket_of(cast.bob), conversation)


def answers(door: Door, session: str) -> list[tuple[int, str]]:
    """Status and decision of one action of each kind."""
    asked = [
        door.decide(session, parameters={"to": "bob@corp.example"}),
        door.decide(session, "database.drop"),
        door.decide(session),
        door.decide(session, "database.query", parameters={"table": "orders"}),
    ]
    return [(reply.status_code, reply.json()["decision"]) for reply in asked]


@pytest.mark.case("FLT-10")
def test_a_redis_that_accepts_and_never_answers_holds_no_answer_up(cast: Cast, layer: Layer) -> None:
    door, session = Door(cast.agent_key), begin_session(cast)

    async def silent() -> float:
        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        server = await asyncio.start_server(never, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        layer.move_to(f"redis://127.0.0.1:{port}")
        loop = asyncio.get_running_loop()
        started = loop.time()
        reply = await sync_to_async(door.decide, thread_sensitive=True)(session)
        assert reply.status_code == 202
        took = loop.time() - started
        server.close()
        return took

    with open_transaction_kept():
        assert async_to_sync(silent)() < 3
