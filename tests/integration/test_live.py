"""Live pages: who may listen, what arrives, and that a socket is good for nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction

from approvals.models import OutboxEvent, User
from tests.api.doors import open_transaction_kept, row_counts
from tests.factories import Cast, make_cast, open_step_up, vote
from tests.integration.sockets import ARRIVES_SECONDS, PONG, REFETCH, closing_code, next_message, socket_of, talk

NOT_SIGNED_IN, NOT_ALLOWED, WRONG_ORIGIN = 4401, 4403, 4403


@pytest.fixture
def cast(transactional_db: None) -> Iterator[Cast]:
    """What happens here is committed, and so announced."""
    yield make_cast()
    # Redis outlives the test.
    layer: Any = get_channel_layer()
    async_to_sync(layer.flush)()


@pytest.mark.case("CHN-21")
def test_a_socket_is_opened_by_people_who_may_and_from_our_own_page(cast: Cast) -> None:
    assert [closing_code(socket_of(person)) for person in (cast.bob, cast.victor, cast.trent)] == [None] * 3
    assert closing_code(socket_of(None)) == NOT_SIGNED_IN
    assert closing_code(socket_of(cast.peggy)) == NOT_ALLOWED
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9", settings.AARM_BASE_URL + ".evil.example"):
        assert closing_code(socket_of(cast.bob, origin=origin)) in (WRONG_ORIGIN, 1000), origin
    cast.bob.is_active = False
    cast.bob.save()
    assert closing_code(socket_of(cast.bob)) in (NOT_SIGNED_IN, NOT_ALLOWED)


@pytest.mark.case("CHN-21")
def test_a_key_opens_no_socket_wherever_it_is_put(cast: Cast) -> None:
    for key in (cast.agent_key, cast.host_key):
        assert closing_code(socket_of(None, path=f"/ws/inbox?token={key}")) == NOT_SIGNED_IN
        assert closing_code(socket_of(None, key=key)) == NOT_SIGNED_IN


@pytest.mark.case("CHN-23", "CHN-24")
def test_a_socket_answers_pings_takes_no_votes_and_closes_with_the_role(cast: Cast) -> None:
    step = open_step_up(cast)
    before = row_counts()

    async def conversation(socket: WebsocketCommunicator) -> None:
        ballot = {"type": "vote", "approval": step.approval.pk, "verdict": "approve"}
        for text in ("ping", json.dumps(ballot), "{", "x" * 100_000):
            await socket.send_to(text_data=text)
            assert await next_message(socket) == PONG
        await sync_to_async(cast.bob.groups.clear)()
        await socket.send_to(text_data="ping")
        assert (await socket.receive_output(ARRIVES_SECONDS))["code"] == NOT_ALLOWED

    talk(socket_of(cast.bob), conversation)
    assert row_counts() == before


@pytest.mark.case("APR-13", "CHN-23")
def test_what_ends_a_session_or_a_role_closes_silent_sockets_within_five_seconds(cast: Cast) -> None:
    losing = [socket_of(person) for person in (cast.bob, cast.carol, cast.dave, cast.victor)]
    trent = socket_of(cast.trent)

    def end_them() -> None:
        ended = [row.pk for row in Session.objects.all() if row.get_decoded()["_auth_user_id"] == str(cast.bob.pk)]
        Session.objects.filter(pk__in=ended).delete()
        cast.carol.set_password("another battery staple")
        cast.carol.save()
        User.objects.filter(pk=cast.dave.pk).update(is_active=False)
        cast.victor.groups.clear()

    async def whole() -> None:
        for socket in (*losing, trent):
            assert (await socket.connect(timeout=ARRIVES_SECONDS))[0]
        await sync_to_async(end_them)()
        # All at once: each has these seconds, and none gets those of another.
        closed = await asyncio.gather(*(socket.receive_output(ARRIVES_SECONDS) for socket in losing))
        assert [message["code"] for message in closed] == [NOT_ALLOWED] * 4
        # The control: nothing ended for Trent.
        await trent.send_to(text_data="ping")
        assert await next_message(trent) == PONG
        await trent.disconnect()

    with open_transaction_kept():
        async_to_sync(whole)()


def test_opening_and_voting_reach_every_open_page(cast: Cast) -> None:
    async def conversation(socket: WebsocketCommunicator) -> None:
        step = await sync_to_async(open_step_up)(cast)
        assert await next_message(socket) == REFETCH
        await sync_to_async(vote)(step, cast.bob)
        assert await next_message(socket) == REFETCH

    talk(socket_of(cast.carol), conversation)
    assert not OutboxEvent.objects.filter(sent_at__isnull=True).exists()


def test_what_was_rolled_back_is_not_announced(cast: Cast) -> None:
    def give_up() -> None:
        with transaction.atomic():
            open_step_up(cast)
            transaction.set_rollback(True)

    async def conversation(socket: WebsocketCommunicator) -> None:
        await sync_to_async(give_up)()
        await socket.send_to(text_data="ping")
        # The answer to the ping is the first thing that comes.
        assert await next_message(socket) == PONG

    talk(socket_of(cast.bob), conversation)


@pytest.mark.nightly
def test_a_socket_that_idles_longer_than_redis_likes_still_hears(cast: Cast) -> None:
    # redis-py closes a connection that is silent for five seconds unless it is told otherwise.
    async def conversation(socket: WebsocketCommunicator) -> None:
        assert await socket.receive_nothing(timeout=12)
        await sync_to_async(open_step_up)(cast)
        assert await next_message(socket) == REFETCH

    talk(socket_of(cast.bob), conversation)
