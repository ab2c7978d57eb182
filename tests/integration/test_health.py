"""`/readyz` and `doctor` go red for each thing that is wrong, name it, and recover with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from aarm_site import diagnosis
from aarm_site.embedded import Engine
from aarm_site.first_start import publish_starter_policy
from aarm_site.health import Check, durability_problem, found_by
from receipts.services import ensure_signing_key
from receipts.signing.keys import SigningKey
from tests.e2e.processes import ROOT


@pytest.fixture
def ready(db: None, settings: LazySettings, tmp_path: Path) -> Path:
    """An installation in which nothing is wrong; where its key lies."""
    settings.AARM_SIGNING_KEY_PATH = tmp_path / "signing_key.pem"
    settings.AARM_DATA_DIR = tmp_path
    settings.AARM_BASE_URL = "https://aarm.corp.example"
    ensure_signing_key()
    publish_starter_policy()
    return tmp_path


def failing() -> dict[str, str]:
    """The checks of `/readyz` that aren't good, and what they say."""
    response = Client().get("/readyz")
    found = {check["name"]: check["says"] for check in response.json()["checks"] if not check["ok"]}
    assert response.status_code == (503 if found else 200)
    assert response.json()["status"] == ("not_ready" if found else "ready")
    return found


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_a_process_is_alive_without_a_database() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
def test_a_process_that_lost_its_database_is_alive_and_says_that_it_is_not_ready() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (own,) = cursor.fetchone()
    killer = connection.copy()
    with killer.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [own])
    killer.close()
    assert Client().get("/healthz").json() == {"status": "ok"}
    assert failing()["database"].startswith("The database doesn't answer")
    connection.close()


def test_a_good_installation_is_ready(ready: Path) -> None:
    assert failing() == {}


@pytest.mark.case("FLT-04")
@pytest.mark.parametrize("value", ["off"])
def test_a_database_that_may_forget_is_named_and_refused(ready: Path, value: str) -> None:
    assert failing() == {}
    run(f"SET LOCAL synchronous_commit = {value}")
    assert failing()["durability"].startswith("PostgreSQL runs with synchronous_commit off")


@pytest.mark.parametrize("value", ["local", "remote_write", "on", "remote_apply"])
def test_durable_settings_are_good(ready: Path, value: str) -> None:
    run(f"SET LOCAL synchronous_commit = {value}")
    assert durability_problem() == ""


def test_a_migration_that_is_missing_is_counted(ready: Path) -> None:
    run("DELETE FROM django_migrations WHERE app = 'receipts'")
    ours = len(list((ROOT / "receipts" / "migrations").glob("0*.py")))
    assert failing()["migrations"].startswith(f"{ours} migrations have not been applied; the first is receipts.")


@pytest.mark.case("OPS-02")
def test_a_trigger_that_is_missing_is_named(ready: Path) -> None:
    run("DROP TRIGGER aarm_row_guard ON receipts_receipt")
    assert "receipts_receipt: aarm_row_guard" in failing()["append_only"]


@pytest.mark.case("OPS-02")
def test_a_trigger_that_is_switched_off_is_missing(ready: Path) -> None:
    # What the set-up inserted has checks that wait for the commit, and a table can't change before they ran.
    run("SET CONSTRAINTS ALL IMMEDIATE", "ALTER TABLE receipts_receipt DISABLE TRIGGER aarm_truncate_guard")
    assert "receipts_receipt: aarm_truncate_guard" in failing()["append_only"]


@pytest.mark.django_db
def test_without_a_policy_nothing_can_be_decided(settings: LazySettings, tmp_path: Path) -> None:
    settings.AARM_SIGNING_KEY_PATH = tmp_path / "signing_key.pem"
    ensure_signing_key()
    assert failing() == {"policy": "No policy has been published, so nothing can be decided."}


@pytest.mark.case("FLT-30")
def test_a_signing_key_that_is_missing_broken_or_another_is_named(ready: Path) -> None:
    key = ready / "signing_key.pem"
    good = key.read_bytes()
    assert failing() == {}
    key.unlink()
    assert "can't be read" in failing()["signing_key"]
    key.touch(0o600)
    key.write_text("not a key")
    assert "can't be read" in failing()["signing_key"]
    key.write_bytes(SigningKey.from_seed(b"\x07" * 32).to_pem())
    assert failing()["signing_key"] == "The signing key is not the one that was registered here."
    key.write_bytes(good)
    key.chmod(0o640)
    assert "chmod 600" in failing()["signing_key"]
    key.chmod(0o400)
    assert failing() == {}


def test_a_background_thread_that_ended_is_named(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, ending = Engine(on_death=lambda: None), threading.Event()
    engine.add("scheduler", run=ending.wait, stop=ending.set)
    monkeypatch.setattr("aarm_site.embedded._Running.engine", engine)
    assert failing() == {}
    ending.set()
    engine.parts["scheduler"].thread.join(5)
    assert failing() == {"background": "Ended: scheduler. Restart the process."}


def test_a_database_that_fails_a_check_is_an_answer_and_not_a_crash(ready: Path) -> None:
    def broken() -> str:
        run("SELECT no_such_column")
        return ""

    assert found_by(Check("broken", broken)).problem == "The database doesn't answer this check."


def doctor() -> tuple[int, str]:
    """Exit code and text of `manage.py doctor`."""
    out = StringIO()
    try:
        call_command("doctor", stdout=out, no_color=True)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def embedded(ready: Path, settings: LazySettings) -> Path:
    """As `ready`, without the queue, and with an application role that may own its tables as the tests' one does."""
    settings.AARM_IS_EMBEDDED = True
    return ready


def names(text: str) -> set[str]:
    return {line.split()[1] for line in text.splitlines() if line.startswith("wrong")}


@pytest.mark.case("OPS-02")
def test_the_doctor_sees_that_this_role_owns_the_receipts(embedded: Path) -> None:
    code, text = doctor()
    assert (code, names(text)) == (1, {"ownership"})
    assert "AARM_MIGRATION_DATABASE_URL" in text
    assert "Embedded: one process on SQLite." in text
    assert text.splitlines()[-1].endswith("checks failed.")


Wrong = Callable[[Any, Path], None]


def _weak_key(settings: Any, folder: Path) -> None:
    settings.SECRET_KEY = "short"


def _wide_hosts(settings: Any, folder: Path) -> None:
    settings.ALLOWED_HOSTS = ["aarm.corp.example", "*"]


def _plain_http(settings: Any, folder: Path) -> None:
    settings.AARM_BASE_URL = "http://aarm.corp.example"


def _readable_key(settings: Any, folder: Path) -> None:
    earlier = folder / "signing_key.aarm-AAAAAAAAAAAAAAAA.pem"
    earlier.touch()
    earlier.chmod(0o644)


def _late_clock(settings: Any, folder: Path) -> None:
    # Nothing waits for its place in the log, which would be late as well.
    run("DELETE FROM receipts_unsequenced")
    run(
        "CREATE OR REPLACE FUNCTION aarm_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE "
        "AS 'SELECT clock_timestamp() + make_interval(secs => 90)'"
    )


def _no_redis(settings: Any, folder: Path) -> None:
    settings.AARM_IS_EMBEDDED = False
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"


def _no_worker(settings: Any, folder: Path) -> None:
    settings.AARM_IS_EMBEDDED = False


@pytest.mark.case("OPS-02")
@pytest.mark.parametrize(
    ("spoil", "name", "words"),
    [
        (_weak_key, "secret_key", "AARM_SECRET_KEY"),
        (_wide_hosts, "hosts", "too wide: *"),
        (_plain_http, "base_url", "http://aarm.corp.example"),
        (_readable_key, "key_files", "chmod 600"),
        (_late_clock, "clock", "differ by"),
        (_no_redis, "queue", "Redis doesn't answer"),
        (_no_worker, "queue", "./run worker"),
    ],
)
def test_the_doctor_names_what_is_wrong(
    embedded: Path, settings: LazySettings, spoil: Wrong, name: str, words: str
) -> None:
    assert name not in names(doctor()[1])
    spoil(settings, embedded)
    code, text = doctor()
    assert (code, names(text)) == (1, {name, "ownership"})
    assert words in text


def test_the_doctor_takes_loopback_without_tls_for_the_embedded_product(embedded: Path, settings: LazySettings) -> None:
    settings.AARM_BASE_URL = "http://127.0.0.1:8000"
    assert diagnosis.base_url_problem() == ""
    settings.AARM_IS_EMBEDDED = False
    assert "unencrypted" in diagnosis.base_url_problem()
