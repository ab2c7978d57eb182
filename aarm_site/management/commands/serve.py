"""The embedded product: web, worker and scheduler in one process, on SQLite, with no other service."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aarm_site.embedded import Engine
from aarm_site.first_start import prepare, sign_in_address
from aarm_site.settings.env import Environment, read_environment
from approvals.realtime import use_loop
from receipts.problems import ProblemError

BACKLOG = 2048
# Open long polls and sockets get this long to end; the process as a whole is gone before five seconds.
GRACE_SECONDS = 2
HARD_STOP_SECONDS = 4.5

PROCESSES = """DATABASE_URL names a database server, and `serve` is the embedded product on SQLite. Start these instead:
  DJANGO_SETTINGS_MODULE=aarm_site.settings.prod, for every one of them
  ./run migrate
  ./run -m uvicorn aarm_site.asgi:application --lifespan off --no-proxy-headers --no-access-log
  ./run -m gunicorn -c python:aarm_site.gunicorn      (POST /decide)
  ./run worker
  ./run beat"""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refusal(environment: Environment) -> str:
    """Why `serve` won't run in this environment, or the empty string."""
    if not environment.is_embedded:
        return PROCESSES
    if not _is_loopback(environment.host) and urlsplit(environment.base_url).scheme != "https":
        return (
            f"AARM_HOST={environment.host} can be reached from other machines, and cookies would travel unencrypted: "
            "put a proxy with TLS in front and set AARM_BASE_URL to its https address."
        )
    return ""


def claimed_port(host: str, port: int) -> socket.socket:
    """The listening socket; taken before anything is created, so that a refused start changes nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise CommandError(
            f"Port {port} on {host} can't be used ({os.strerror(error.errno or 0)}): "
            "stop what uses it, or set AARM_PORT to another one."
        ) from error


class Server(uvicorn.Server):
    """Leaves the signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Running:
    """The process while it serves: how it is asked to stop, and what its exit code will be."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.exit_code = 0
        self.engine = Engine(on_death=self.part_died)
        self.server = Server(
            uvicorn.Config(
                "aarm_site.asgi:application",
                lifespan="off",
                log_config=None,
                access_log=False,
                # On loopback every client would count as a trusted proxy.
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    def part_died(self) -> None:
        self.exit_code = 1
        self.server.should_exit = True

    def stop(self, number: int, frame: object) -> None:
        """The signal handler. A second signal ends the process at once, as does running out of time."""
        if self.server.should_exit:
            self.end()
            return
        self.server.should_exit = True
        deadline = threading.Timer(HARD_STOP_SECONDS, self.end)
        deadline.daemon = True
        deadline.start()

    def end(self) -> None:
        """Ends the process with threads still in it; everything that was acknowledged is in the database."""
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(self.exit_code)

    def run(self) -> None:
        """Serves until a signal or the death of a part."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.stop)
        self.engine.start()
        with asyncio.Runner(loop_factory=self.server.config.get_loop_factory()) as runner:
            runner.run(self._serve())
        self.engine.stop()

    async def _serve(self) -> None:
        use_loop(asyncio.get_running_loop())
        await self.server.serve(sockets=[self.listener])
        use_loop(None)


class Command(BaseCommand):
    help = "Runs the embedded product: web, worker and scheduler in one process."

    def handle(self, *args: Any, **options: Any) -> None:
        environment = read_environment()
        why = refusal(environment)
        if why:
            raise CommandError(why)
        listener = claimed_port(environment.host, environment.port)
        try:
            prepare()
        except ProblemError as problem:
            raise CommandError(f"{problem.why} {problem.fix}") from problem
        self._announce(sign_in_address())
        running = Running(listener)
        running.run()
        running.end()

    def _announce(self, link: str | None) -> None:
        lines = [f"AARM Site is at {settings.AARM_BASE_URL}/"]
        lines += [f"Sign in once, within 15 minutes: {link}"] if link else []
        lines += [
            "Try next, in another terminal:",
            "  ./run demo",
            "  ./run seed_demo --json",
            "Ctrl-C stops all of it.",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
