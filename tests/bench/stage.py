"""The stage: a database with production's roles and durability, what is in it, and the two servers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psycopg

from tests.bench.load import LANES, Door
from tests.bench.machine import parent_of
from tests.bench.tables import add_heads, create_tables
from tests.e2e.databases import TwoRoles, create_database, drop_database
from tests.e2e.processes import ROOT, Process, run_command, start_process, wait_ready
from tests.e2e.servers import HOST, production_variables
from tests.engines import free_port

# Without these a commit is faster and a receipt can be lost.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
ACCOUNTED = """
SELECT (SELECT count(*) FROM decisions_decision), (SELECT count(*) FROM receipts_receipt WHERE type = 'decision'),
       (SELECT count(*) FROM bench_receipt),
       (SELECT count(*) FROM receipts_chain c WHERE length <> (SELECT count(*) FROM receipts_receipt r
                                                              WHERE r.stream = c.stream))
"""


class Server(StrEnum):
    """The two ways to serve `/decide`."""

    WSGI = "WSGI (gunicorn, threaded workers)"
    ASGI = "ASGI (uvicorn)"


WORKERS = {Server.WSGI: 4, Server.ASGI: 2}


@dataclass(frozen=True, slots=True)
class Stage:
    """A seeded database. `variables` start processes of the product on it."""

    roles: TwoRoles
    variables: Mapping[str, str]
    agent_key: str
    sessions: tuple[str, ...]
    actions: int
    postmaster: int
    version: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """What is on record: decisions, receipts of decisions, yardsticks' receipts, and streams with a gap or a fork."""

    decisions: int
    receipts: int
    yardsticks: int
    broken_streams: int


def _settings_of(url: str) -> tuple[int, str]:
    """The database server's first process and its version; refuses a server that would forget."""
    with psycopg.connect(url) as connection:
        for name, wanted in DURABLE.items():
            found = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            assert found == (wanted,), f"{name} is {found}, and production has {wanted}."
        backend = connection.info.backend_pid
        return parent_of(backend), connection.info.parameter_status("server_version") or ""


@contextmanager
def set_stage(folder: Path, *, database_url: str, actions: int, receipts: int = 0) -> Iterator[Stage]:
    """A new database on the server of `database_url`, migrated by its owner, seeded, and dropped after the block.

    `receipts` lie in it already when the sessions begin.
    """
    roles = create_database(database_url)
    variables = production_variables(folder, roles=roles, port=free_port())
    # Tests sign every second so as not to wait; here it is what a deployment has that chose nothing.
    variables |= {"DJANGO_SETTINGS_MODULE": "tests.bench.settings", "AARM_CHECKPOINT_SECONDS": "10"}
    try:
        yield _stage(roles, variables=variables, actions=actions, receipts=receipts)
    finally:
        drop_database(database_url, roles=roles)


def _stage(roles: TwoRoles, *, variables: Mapping[str, str], actions: int, receipts: int) -> Stage:
    migrated = run_command("migrate", variables={**variables, "AARM_MIGRATION_DATABASE_URL": roles.owner_url})
    assert migrated.returncode == 0, migrated.stderr
    create_tables(roles.owner_url, role=roles.application)
    if receipts:
        _populate(roles, variables=variables, receipts=receipts)
    seeded = run_command("seed_bench", f"--sessions={LANES + 1}", f"--actions={actions}", variables=variables)
    assert seeded.returncode == 0, seeded.stderr
    seed = json.loads(seeded.stdout)
    add_heads(roles.application_url, sessions=seed["sessions"])
    postmaster, version = _settings_of(roles.application_url)
    return Stage(
        roles=roles,
        variables=variables,
        agent_key=seed["agent_key"],
        sessions=tuple(seed["sessions"]),
        actions=actions,
        postmaster=postmaster,
        version=version,
    )


def _populate(roles: TwoRoles, *, variables: Mapping[str, str], receipts: int) -> None:
    command = [sys.executable, "manage.py", "measure_search", f"--populate={receipts}"]
    subprocess.run(command, cwd=ROOT, env=dict(variables), check=True)
    with psycopg.connect(roles.owner_url, autocommit=True) as connection:
        # What autovacuum does by and by.
        connection.execute("VACUUM ANALYZE receipts_receipt, receipts_logentry")


def accounts_of(stage: Stage) -> Accounts:
    """What is on record now."""
    with psycopg.connect(stage.roles.application_url) as connection:
        found = connection.execute(ACCOUNTED).fetchone()
    assert found is not None
    return Accounts(*found)


def _command(server: Server, *, port: int) -> list[str]:
    commands = {
        Server.WSGI: f"gunicorn -c python:aarm_site.gunicorn -b {HOST}:{port} -w {WORKERS[server]}",
        Server.ASGI: "uvicorn aarm_site.asgi:application --lifespan off --no-proxy-headers --no-access-log "
        f"--host {HOST} --port {port} --workers {WORKERS[server]}",
    }
    return [sys.executable, "-m", *commands[server].split()]


@contextmanager
def start_server(
    server: Server, *, stage: Stage, folder: Path, variables: Mapping[str, str] | None = None
) -> Iterator[tuple[Process, Door]]:
    """One of the servers, ready, until the block ends. `variables` stand in for those of the stage."""
    port = free_port()
    command = _command(server, port=port)
    process = start_process(server.name.lower(), command, folder=folder, variables=variables or stage.variables)
    try:
        wait_ready(process, f"http://{HOST}:{port}")
        yield process, Door(port=port, agent_key=stage.agent_key, sessions=stage.sessions)
    finally:
        process.stop()
