"""The product's two shapes as real processes: embedded, and many processes on PostgreSQL and Redis."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.databases import TwoRoles, create_database, drop_database
from tests.e2e.processes import Process, environment, run_command, seeded, start_process, wait_ready
from tests.engines import free_port
from tests.integration.identity_provider import CLIENT

HOST = "127.0.0.1"
# Workers of the test run use the first numbers; Redis has sixteen.
REDIS_DATABASE = 15


@dataclass(frozen=True, slots=True)
class Servers:
    """A running shape. `seed` is what `seed_demo --json` printed; `variables` start further commands beside it."""

    base_url: str
    decide_url: str
    seed: Mapping[str, Any]
    variables: Mapping[str, str]
    processes: Mapping[str, Process]

    def stop(self) -> dict[str, int]:
        """Asks every process to end; their exit codes."""
        return {name: process.stop() for name, process in self.processes.items()}

    def kill9(self) -> None:
        """Kills every process at once."""
        for process in self.processes.values():
            process.kill9()

    def logs(self) -> str:
        """What all processes wrote."""
        return "\n".join(f"=== {name}\n{process.says()}" for name, process in self.processes.items())


def embedded_variables(folder: Path, *, port: int) -> dict[str, str]:
    """The environment of an embedded instance that lives in `folder`."""
    return environment(
        AARM_DATA_DIR=str(folder / "data"),
        AARM_PORT=str(port),
        AARM_CHECKPOINT_SECONDS="1",
        AARM_SSO_FILE=str(_providers_file(folder)),
        COLUMNS="200",
    )


def _providers_file(folder: Path) -> Path:
    """Names an identity provider at a port that nobody listens on unless a test does."""
    said = {"id": "corp", "name": "Corp", "issuer": f"http://{HOST}:{free_port()}", "client_id": CLIENT}
    path = folder / "providers.json"
    path.write_text(json.dumps([said | {"client_secret": "hush", "creates_people": True}]), encoding="utf-8")
    return path


def start_serve(folder: Path, *, variables: Mapping[str, str]) -> Process:
    """`manage.py serve`, ready for requests."""
    process = start_process("serve", [sys.executable, "manage.py", "serve"], folder=folder, variables=variables)
    wait_ready(process, f"http://{HOST}:{variables['AARM_PORT']}")
    return process


def start_embedded(folder: Path) -> Servers:
    """A seeded embedded instance on a free port."""
    variables = embedded_variables(folder, port=free_port())
    process = start_serve(folder, variables=variables)
    url = f"http://{HOST}:{variables['AARM_PORT']}"
    return Servers(
        base_url=url, decide_url=url, seed=seeded(variables), variables=variables, processes={"serve": process}
    )


def production_variables(folder: Path, *, roles: TwoRoles, port: int) -> dict[str, str]:
    """The environment of every production process but `migrate`. The tests play the proxy that ends TLS."""
    redis = os.environ["AARM_TEST_REDIS_SERVER"]
    return environment(
        DJANGO_SETTINGS_MODULE="aarm_site.settings.prod",
        DATABASE_URL=roles.application_url,
        REDIS_URL=f"{redis}/{REDIS_DATABASE}",
        AARM_BASE_URL=f"https://{HOST}:{port}",
        AARM_BEHIND_PROXY="1",
        AARM_DATA_DIR=str(folder),
        AARM_SECRET_KEY=secrets.token_urlsafe(48),
        AARM_SIGNING_KEY_FILE=str(folder / "signing_key.pem"),
        AARM_PAYLOAD_KEY_FILE=str(folder / "payload_keys"),
        AARM_CHECKPOINT_SECONDS="1",
        AARM_TAINT_CARRY_SECONDS="0",
        AARM_TURNED_DOWN_SECONDS="0",
    )


def _commands(*, web: int, decide: int) -> dict[str, list[str]]:
    python, manage = sys.executable, [sys.executable, "manage.py"]
    uvicorn = ["--lifespan", "off", "--no-proxy-headers", "--no-access-log"]
    return {
        "web": [python, "-m", "uvicorn", "aarm_site.asgi:application", "--host", HOST, "--port", str(web), *uvicorn],
        "decide": [python, "-m", "gunicorn", "-c", "python:aarm_site.gunicorn", "-b", f"{HOST}:{decide}", "-w", "2"],
        "worker": [*manage, "worker"],
        "beat": [*manage, "beat"],
    }


def start_production(folder: Path, *, roles: TwoRoles) -> Servers:
    """Migrates as the owner, seeds, and starts one process of each kind."""
    web, decide = free_port(), free_port()
    variables = production_variables(folder, roles=roles, port=web)
    migrated = run_command("migrate", variables=variables | {"AARM_MIGRATION_DATABASE_URL": roles.owner_url})
    assert migrated.returncode == 0, migrated.stderr
    # Production settings refuse the demo; its data is put there by a command that runs under other ones.
    seed = seeded(variables | {"DJANGO_SETTINGS_MODULE": "aarm_site.settings.dev"})
    processes = {
        name: start_process(name, command, folder=folder, variables=variables)
        for name, command in _commands(web=web, decide=decide).items()
    }
    urls = {"web": f"http://{HOST}:{web}", "decide": f"http://{HOST}:{decide}"}
    for name, url in urls.items():
        wait_ready(processes[name], url)
    return Servers(base_url=urls["web"], decide_url=urls["decide"], seed=seed, variables=variables, processes=processes)


@pytest.fixture(scope="session")
def embedded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """`manage.py serve` on SQLite, seeded."""
    servers = start_embedded(tmp_path_factory.mktemp("embedded"))
    yield servers
    servers.stop()


@pytest.fixture(scope="session")
def production_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """ASGI, WSGI, worker and beat processes on a database whose tables the application doesn't own, seeded."""
    roles = create_database(os.environ["DATABASE_URL"])
    servers = start_production(tmp_path_factory.mktemp("production"), roles=roles)
    yield servers
    servers.stop()
    drop_database(os.environ["DATABASE_URL"], roles=roles)
