"""Keys change under load: no gap, no key that signs after its end, and a history that outsiders can follow."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from receipts.clock import database_now
from receipts.models import PublishedKey, Receipt
from receipts.problems import ProblemError
from receipts.selectors import active_key_id, envelope_of, published_jwks
from receipts.selectors.key_history import KEY_STREAM
from receipts.services import current_signer, ensure_signing_key, issue_receipt, rotation
from receipts.services.rotation import (
    KeyChangeError,
    prepare_key,
    retire_key,
    rotate_key,
)
from receipts.signing.envelope import PAYLOAD_TYPE, pae
from receipts.signing.jwk import read_public
from receipts.signing.keys import KeySet
from receipts.signing.statement import ReceiptType, Statement
from receipts.signing.verify import verify_chain, verify_receipt
from tests.e2e.processes import ROOT, environment
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings: LazySettings, tmp_path: Path) -> Path:
    """Where this test's keys lie; the first one signs already."""
    settings.AARM_SIGNING_KEY_PATH = tmp_path / "signing_key.pem"
    ensure_signing_key()
    return tmp_path


def issued(stream: str = "ses_alice") -> Receipt:
    with transaction.atomic():
        return issue_receipt(type=ReceiptType.DECISION, stream=stream, body={}, at=database_now())


def published() -> KeySet:
    """What anybody may fetch."""
    return KeySet.from_jwks(Client().get("/.well-known/aarm/keys.json").json())


def history() -> list[Statement]:
    receipts = Receipt.objects.filter(stream=KEY_STREAM).order_by("position")
    return verify_chain([envelope_of(receipt) for receipt in receipts], keys=published())


def database_url() -> str:
    """The tests' own database, for other processes."""
    found = connection.get_connection_params()
    return f"postgresql://{found['user']}@/{found['dbname']}?host={quote(found['host'])}"


@contextmanager
def issuers(folder: Path, *, count: int, streams: list[str]) -> Iterator[list[subprocess.Popen[str]]]:
    variables = environment(
        DATABASE_URL=database_url(),
        DJANGO_SETTINGS_MODULE="aarm_site.settings.test",
        AARM_DATA_DIR=str(folder),
        AARM_SIGNING_KEY_FILE=str(folder / "signing_key.pem"),
    )
    command = [sys.executable, "-m", "tests.integration.issuing_process", *streams]
    children = [
        subprocess.Popen(
            command, cwd=ROOT, env=variables, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        for _ in range(count)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        yield children
    finally:
        for child in children:
            child.kill()
            child.wait()


def ended(child: subprocess.Popen[str]) -> dict[str, Any]:
    """Tells the process to stop; what it says then."""
    said, _ = child.communicate(timeout=30)
    found: dict[str, Any] = json.loads(said)
    return found


def is_in_use(key_id: str | None) -> bool:
    return Receipt.objects.filter(key_id=key_id).count() > 20


@pytest.mark.case("RCP-23", "RCP-21")
def test_keys_rotate_under_load_of_several_processes_without_a_gap(folder: Path) -> None:
    first, streams = active_key_id(), ["ses_alice", "ses_bob"]
    with issuers(folder, count=3, streams=streams) as children:
        frozen: dict[str, int] = {}
        for _ in range(4):
            key = active_key_id()
            assert key is not None
            # Every rotation meets processes that sign with the key before it.
            wait_until(partial(is_in_use, key), "the key is in use")
            rotate_key()
            frozen[key] = Receipt.objects.filter(key_id=key).count()
        last = active_key_id()
        wait_until(partial(is_in_use, last), "the last key is in use")
        reports = [ended(child) for child in children]
    assert [report["problems"] for report in reports] == [{}, {}, {}]
    receipts = list(Receipt.objects.order_by("stream", "position"))
    assert sum(report["issued"] for report in reports) + 8 == len(receipts)
    # After the rotation was acknowledged no process signed with the key before it.
    assert {key: sum(item.key_id == key for item in receipts) for key in frozen} == frozen
    assert len(verify_chain([envelope_of(item) for item in receipts], keys=published())) == len(receipts)
    assert [item.pk for item in PublishedKey.objects.filter(retired_at=None)] == [last]
    assert first in frozen


@pytest.mark.case("RCP-23")
def test_a_transaction_that_began_before_delays_the_retirement_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rotation, "WAIT_SECONDS", 0.2)
    old = current_signer().key_id
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            issue_receipt(type=ReceiptType.DECISION, stream="ses_slow", body={}, at=database_now())
            inside.set()
            done.wait(30)
        connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        slow = pool.submit(hold)
        assert inside.wait(30)
        with pytest.raises(KeyChangeError, match="still run"):
            rotate_key()
        assert issued().key_id == active_key_id() != old
        assert PublishedKey.objects.get(pk=old).retired_at is None
        done.set()
        slow.result()
    retire_key(key_id=old)
    assert Receipt.objects.get(stream="ses_slow").key_id == old
    for receipt in Receipt.objects.all():
        verify_receipt(envelope_of(receipt), keys=published())
    assert [statement.type for statement in history()] == [ReceiptType.KEY_CREATED, ReceiptType.KEY_RETIRED]


def test_a_role_without_privileges_sees_the_transactions_that_it_has_to_wait_for() -> None:
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            issued("ses_slow")
            inside.set()
            done.wait(30)
        connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE visitor NOSUPERUSER")
            cursor.execute("SET LOCAL ROLE visitor")
        slow = pool.submit(hold)
        assert inside.wait(30)
        seen = len(rotation._running_transactions())
        done.set()
        slow.result()
        transaction.set_rollback(True)
    assert seen == 1


@pytest.mark.case("RCP-21", "RCP-15")
def test_whoever_trusts_the_first_key_can_follow_to_the_last(folder: Path) -> None:
    trusted = {str(active_key_id()): read_public(PublishedKey.objects.get().jwk)}
    for _ in range(3):
        rotate_key()
    for statement, receipt in zip(history(), Receipt.objects.order_by("position"), strict=True):
        signer = trusted[statement.key_id]
        assert signer is not None
        assert signer.is_fitting(bytes(receipt.signature), data=pae(PAYLOAD_TYPE, bytes(receipt.body)))
        if statement.type is ReceiptType.KEY_CREATED:
            key: Any = statement.body["key"]
            trusted[key["key_id"]] = read_public(key["jwk"])
    assert trusted.keys() == {row.pk for row in PublishedKey.objects.all()}
    assert len(trusted) == 4


def test_a_prepared_key_signs_nothing_until_it_takes_over(folder: Path) -> None:
    old, prepared = active_key_id(), prepare_key()
    assert issued().key_id == old
    assert (folder / f"signing_key.{prepared}.pem").stat().st_mode & 0o777 == 0o600
    assert rotate_key(to=prepared) == rotation.Rotation(str(old), prepared)
    assert issued().key_id == prepared
    with pytest.raises(KeyChangeError, match="published before"):
        rotate_key(to=prepared)
    with pytest.raises(ProblemError, match="registered"):
        rotate_key(to="aarm-AAAAAAAAAAAAAAAA")


def test_a_lost_key_is_followed_by_one_that_says_so(folder: Path) -> None:
    old = current_signer().key_id
    (folder / "signing_key.pem").unlink()
    with pytest.raises(ProblemError) as caught:
        rotate_key()
    assert caught.value.code == "signing_unavailable"
    assert active_key_id() == old
    rotate_key(is_old_lost=True)
    created, retired = history()
    assert (created.body["endorsed"], created.key_id) == (False, active_key_id())
    assert retired.body["key"] == {"key_id": old, "algorithm": "Ed25519", "log_size": 1}
    assert issued().key_id == active_key_id()


def test_what_signs_can_not_end_and_what_has_ended_does_not_end_again() -> None:
    first = str(active_key_id())
    with pytest.raises(KeyChangeError, match="signs now"):
        retire_key(key_id=first)
    rotate_key()
    with pytest.raises(KeyChangeError, match="already"):
        retire_key(key_id=first)
    with pytest.raises(KeyChangeError, match="ever published"):
        retire_key(key_id="aarm-AAAAAAAAAAAAAAAA")


def test_two_rotations_at_once_leave_one_key_that_signs() -> None:
    first = active_key_id()

    def rotate(_: int) -> str:
        try:
            return rotate_key().new
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=4) as pool:
        made = set(pool.map(rotate, range(4)))
    assert len(made) == 4
    assert PublishedKey.objects.get(retired_at=None).pk == active_key_id()
    assert {row.pk for row in PublishedKey.objects.all()} == made | {first}
    assert len(history()) == 8


@pytest.mark.case("FLT-24")
def test_a_clock_that_was_set_back_does_not_make_an_old_key_the_newest() -> None:
    old = PublishedKey.objects.get()
    PublishedKey.objects.update(created_at=old.created_at + timedelta(hours=1))
    done = rotate_key()
    assert (done.old, active_key_id()) == (old.pk, done.new)


def test_a_receipt_takes_as_many_queries_after_a_rotation_as_before() -> None:
    issued()
    with CaptureQueriesContext(connection) as before:
        issued()
    rotate_key()
    with CaptureQueriesContext(connection) as after:
        issued()
    assert len(before) == len(after)


def test_the_published_keys_say_when_each_was_in_use() -> None:
    first = active_key_id()
    rotate_key()
    entries: Any = published_jwks()["keys"]
    assert [(entry["kid"] == first, "retired_at" in entry) for entry in entries] == [(True, True), (False, False)]
    assert {member for entry in entries for member in entry} & {"d", "k"} == set()
