"""One contract server a test, and clients for it that give up quickly."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from aarm import Client, Guard
from tests.unit.sdk.contract_server import AGENT_KEY, HOST_KEY, ContractServer, running_server


@pytest.fixture
def server() -> Iterator[ContractServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def client(server: ContractServer) -> Iterator[Client]:
    with Client(server.url, AGENT_KEY, timeout_seconds=5) as made:
        yield made


@pytest.fixture
def host(server: ContractServer) -> Iterator[Client]:
    with Client(server.url, HOST_KEY, timeout_seconds=5) as made:
        yield made


@pytest.fixture
def guard(client: Client) -> Guard:
    return Guard(client)


@pytest.fixture
def closed_url() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}"
