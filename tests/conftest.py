"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.e2e.servers import embedded_server, production_servers

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["embedded_server", "production_servers"]

# The same examples each time, so that a change fails for what it changed; `--nightly` looks for new ones. How long one
# takes says how busy the machine is.
settings.register_profile("every run", derandomize=True, deadline=None)
settings.register_profile("nightly", deadline=None)
settings.load_profile("nightly" if "AARM_NIGHTLY" in os.environ else "every run")

BROWSER_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
# Fixtures of several processes: with `--dist loadgroup` all tests of one land on one worker, which starts it once.
SERVERS = ("embedded_server", "production_servers")

SHIFTED_CLOCK = """
CREATE OR REPLACE FUNCTION aarm_now() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT clock_timestamp() + make_interval(secs => {seconds})'
"""


def _shared_by(item: pytest.Item) -> list[str]:
    """The servers that a test uses, or else its module where that makes something once for all of its tests."""
    servers = [name for name in SERVERS if name in getattr(item, "fixturenames", ())]
    module = item.nodeid.partition("::")[0]
    found = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
    is_shared = any(last.scope == "module" and last.baseid == module for *_, last in found)
    return servers or ([module] if is_shared else [])


# First, because xdist reads the groups in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps users of the same servers and of a module's own fixtures together and leaves long runs to `--nightly`."""
    for item in list(items):
        for name in _shared_by(item):
            item.add_marker(pytest.mark.xdist_group(name))
    if "AARM_NIGHTLY" not in os.environ:
        items[:] = [item for item in items if item.get_closest_marker("nightly") is None]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Tests that commit are followed by a flush, which append-only tables would refuse."""
    from django.db.backends.base.operations import BaseDatabaseOperations

    from tests.flushing import flush_unguarded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_unguarded)
        yield


@pytest.fixture(autouse=True)
def forgotten_keys() -> None:
    """A process knows a subject's key for seconds longer than the test whose rows it went with."""
    from receipts.selectors.subject_keys import forget_keys

    forget_keys()


@pytest.fixture
def move_clock(db: None) -> Iterator[Callable[[float], None]]:
    """`move_clock(seconds)` sets the database's clock forward, in this test's database only, until the test ends."""
    from django.db import connection

    from receipts.clock import POSTGRESQL_FUNCTION

    moved = 0.0

    def move(seconds: float) -> None:
        nonlocal moved
        moved += seconds
        with connection.cursor() as cursor:
            cursor.execute(SHIFTED_CLOCK.format(seconds=moved))

    yield move
    # Inside a test's own transaction the rollback puts the clock right, and an aborted one would take no statement.
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(POSTGRESQL_FUNCTION)


def chromium_path() -> str:
    """Where the browser is. Without one its tests say so in one line, unless the environment forbids that."""
    path = shutil.which("chromium")
    if path:
        return path
    if os.environ.get("AARM_REQUIRE_BROWSER"):
        pytest.fail("Chromium is not installed, and AARM_REQUIRE_BROWSER forbids to go without.")
    pytest.skip("Chromium is not installed: apt-get install chromium.")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. For a module at a time: while it is open this thread counts as running an event loop."""
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # For the same reason Django would otherwise refuse plain queries in these tests.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=path, args=list(BROWSER_FLAGS))
        yield chromium
        chromium.close()
