"""What `serve` refuses before it touches anything."""

from __future__ import annotations

import signal
import socket
from typing import Any

import pytest
from django.core.management.base import CommandError

from aarm_site.management.commands.serve import PROCESSES, Running, claimed_port, refusal
from aarm_site.settings.env import Environment


def environment(**given: Any) -> Environment:
    return Environment(**({"database_url": "", "host": "127.0.0.1", "base_url": ""} | given))


def test_loopback_without_a_database_server_is_what_it_is_for() -> None:
    assert [refusal(environment(host=host)) for host in ("127.0.0.1", "localhost", "::1", "127.0.0.2")] == [""] * 4


def test_a_database_server_needs_other_processes_and_they_are_named() -> None:
    assert refusal(environment(database_url="postgresql://db/aarm")) == PROCESSES
    assert all(word in PROCESSES for word in ("uvicorn", "gunicorn", "worker", "beat", "migrate"))


@pytest.mark.case("OPS-01")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "aarm.corp.example"])
def test_an_address_that_others_can_reach_needs_tls(host: str) -> None:
    assert "https" in refusal(environment(host=host))
    assert "https" in refusal(environment(host=host, base_url="http://aarm.corp.example"))
    assert refusal(environment(host=host, base_url="https://aarm.corp.example")) == ""


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with claimed_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(CommandError, match=rf"Port {port} on 127\.0\.0\.1 .*AARM_PORT") as caught:
            claimed_port("127.0.0.1", port)
    assert "\n" not in str(caught.value)


def test_a_port_of_the_newer_protocol_is_claimed_too() -> None:
    with claimed_port("::1", 0) as listener:
        assert listener.family is socket.AF_INET6


def test_the_death_of_a_part_ends_the_process_with_a_failure() -> None:
    with claimed_port("127.0.0.1", 0) as listener:
        running = Running(listener)
        assert (running.exit_code, running.server.should_exit) == (0, False)
        running.part_died()
    assert (running.exit_code, running.server.should_exit) == (1, True)


def test_a_second_signal_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    with claimed_port("127.0.0.1", 0) as listener:
        running = Running(listener)
        running.server.should_exit = True
        running.stop(signal.SIGINT, None)
    assert ended[:1] == [0]
