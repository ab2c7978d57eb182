"""Copies outside: an object store that nobody empties, a webhook, a time stamp, a witness that sees one history."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from django.conf import LazySettings
from django.db import transaction
from moto.server import ThreadedMotoServer
from rfc3161_client import decode_timestamp_response

from receipts.anchors.base import AnchorError, ReadableSink, opened
from receipts.clock import database_now
from receipts.exporters.bundle import write_stamps
from receipts.exporters.logfile import log_lines
from receipts.models import Checkpoint, CheckpointCopy, Receipt
from receipts.problems import ProblemError
from receipts.selectors import published_jwks
from receipts.selectors.anchoring import anchors_of, cosigned_note, stamped_proof_of
from receipts.selectors.checkpoints import checkpoints_for_auditors
from receipts.selectors.keys import own_keys
from receipts.selectors.log import log_alarms, log_origin, unpublished_copies
from receipts.services import current_signer, ensure_signing_key, issue_receipt
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.publication import publish_due_copies
from receipts.services.sequencing import sequence_waiting
from receipts.signing.__main__ import main
from receipts.signing.checkpoint import Checkpoint as Said
from receipts.signing.checkpoint import sign_checkpoint, verify_checkpoint
from receipts.signing.cosignature import Witness, cosignature_of
from receipts.signing.notes import read_note
from receipts.signing.statement import ReceiptType
from tests.integration.anchor_doubles import Reply, TimeStampingAuthority, WitnessDouble, listening

NOTE = "log.example/receipts\n5\n\n— log.example/receipts AAAA\n".encode()
AT = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
SECRET = b"a secret of more than 24 bytes"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the AWS library wants to see."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """An object store, by somebody else; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def client(store: str) -> Any:
    return boto3.client("s3", region_name="us-east-1", endpoint_url=store)


def make_bucket(store: str, name: str, *, is_locked: bool = True) -> str:
    """A bucket; the sink's URI for it."""
    client(store).create_bucket(Bucket=name, ObjectLockEnabledForBucket=is_locked)
    return f"s3:{name}/log/copies?region=us-east-1&endpoint={store}&retain-days=30"


@pytest.mark.case("RCP-34")
def test_what_the_object_store_keeps_nobody_deletes_before_the_time(store: str) -> None:
    sink = opened(make_bucket(store, "locked"))
    sink.publish(NOTE, tree_size=5, at=database_moment())
    (row,) = client(store).list_object_versions(Bucket="locked")["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        client(store).delete_object(Bucket="locked", Key=row["Key"], VersionId=row["VersionId"])
    kept = client(store).get_object(Bucket="locked", Key=row["Key"])
    assert (kept["Body"].read(), kept["ObjectLockMode"]) == (NOTE, "COMPLIANCE")


def database_moment() -> datetime:
    return datetime.now(UTC)


def test_the_newest_copy_in_the_object_store_is_found_at_once(store: str) -> None:
    sink = opened(make_bucket(store, "sizes"))
    assert isinstance(sink, ReadableSink)
    assert sink.newest() is None
    for size in (9, 10, 100, 1_000_000, 99):
        for _ in range(2):
            sink.publish(b"note of %d" % size, tree_size=size, at=database_moment())
    assert sink.newest() == b"note of 1000000"


@pytest.mark.case("RCP-34", "RCP-24")
def test_a_copy_that_was_deleted_or_put_over_in_the_object_store_is_still_found(store: str) -> None:
    """Markers of deletion and later versions lie over what is locked; more of them than one page has, too."""
    sink = opened(make_bucket(store, "markers"))
    assert isinstance(sink, ReadableSink)
    sink.publish(b"note of 9", tree_size=9, at=database_moment())
    sink.publish(b"note of 10", tree_size=10, at=database_moment())
    newest = client(store).list_objects_v2(Bucket="markers")["Contents"][0]["Key"]
    for number in range(1010):
        client(store).put_object(Bucket="markers", Key=newest, Body=b"another %d" % number)
    client(store).delete_object(Bucket="markers", Key=newest)
    assert client(store).list_objects_v2(Bucket="markers")["KeyCount"] == 1
    assert sink.newest() == b"note of 10"


@pytest.mark.parametrize(
    "uri",
    [
        "s3:UPPER/prefix",
        "s3:bucket",
        "s3:bucket/prefix?retain-days=0",
        "s3:bucket/prefix?colour=red",
        "s3:bucket/prefix?region=us-east-1&endpoint=nowhere",
        "webhook:http://hooks.example/x",
        "webhook:https://hooks.example/x",
        "webhook:https://hooks.example/x#secret-file=/nowhere",
        "webhook:https://hooks.example/x#colour=red",
        "webhook:",
        "rfc3161:https://tsa.example/",
        "rfc3161:https://tsa.example/#roots=/etc/hostname",
        "witness:https://witness.example/",
        "witness:https://witness.example/#key=w+00000000+AAAA",
        "pigeon:coop",
    ],
)
def test_a_place_that_can_not_be_meant_is_refused_for_good(uri: str) -> None:
    with pytest.raises(AnchorError) as caught:
        opened(uri)
    assert caught.value.permanent


def test_a_bucket_that_is_missing_or_that_locks_nothing_is_a_refusal_for_good(store: str) -> None:
    for uri in (
        make_bucket(store, "open", is_locked=False),
        f"s3:absent/log?region=us-east-1&endpoint={store}",
    ):
        with pytest.raises(AnchorError) as caught:
            opened(uri).publish(NOTE, tree_size=5, at=database_moment())
        assert caught.value.permanent


def test_a_store_that_is_away_is_tried_again() -> None:
    sink = opened("s3:bucket/log?region=us-east-1&endpoint=http://127.0.0.1:1")
    with pytest.raises(AnchorError) as caught:
        sink.publish(NOTE, tree_size=5, at=database_moment())
    assert not caught.value.permanent


@pytest.mark.case("RCP-34")
def test_a_webhook_is_signed_with_the_shared_secret_and_names_the_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    seen: list[tuple[str, Mapping[str, str], bytes]] = []

    def take(path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        seen.append((path, headers, body))
        return 204, b""

    with listening(take) as address:
        for _ in range(2):
            opened(f"webhook:{address}/h?x=1#secret-file={tmp_path / 'secret'}").publish(NOTE, tree_size=5, at=AT)
    (path, headers, body), (_, again, _) = seen
    assert (path, body) == ("/h?x=1", NOTE)
    signed = f"{headers['webhook-id']}.{int(AT.timestamp())}.".encode() + NOTE
    expected = "v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert (headers["webhook-signature"], again["webhook-id"]) == (expected, headers["webhook-id"])


@pytest.mark.parametrize(
    ("status", "is_permanent"), [(500, False), (503, False), (429, False), (408, False), (404, True), (302, True)]
)
def test_a_refusal_is_final_only_where_another_try_ends_the_same(
    tmp_path: Path, status: int, is_permanent: bool
) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    with listening(lambda path, headers, body: (status, b"")) as address:
        with pytest.raises(AnchorError) as caught:
            opened(f"webhook:{address}#secret-file={tmp_path / 'secret'}").publish(NOTE, tree_size=5, at=AT)
        assert caught.value.permanent is is_permanent


def test_an_answer_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    with (
        listening(lambda path, headers, body: (200, bytes(2_000_000))) as address,
        pytest.raises(AnchorError, match="too long"),
    ):
        opened(f"webhook:{address}#secret-file={tmp_path / 'secret'}").publish(NOTE, tree_size=5, at=AT)


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[tuple[TimeStampingAuthority, str]]:
    """Trent, who says what time it is, and the sink's URI."""
    trent = TimeStampingAuthority()
    (tmp_path / "roots.pem").write_bytes(trent.root_pem)
    with listening(trent.answer) as address:
        yield trent, f"rfc3161:{address}#roots={tmp_path / 'roots.pem'}"


@pytest.mark.case("RCP-34")
def test_a_time_stamp_counts_when_a_trusted_authority_gave_it_for_this_checkpoint(
    authority: tuple[TimeStampingAuthority, str], tmp_path: Path
) -> None:
    trent, uri = authority
    stamp = opened(uri).publish(NOTE, tree_size=5, at=AT)
    assert stamp is not None
    found = decode_timestamp_response(stamp).tst_info
    assert found.message_imprint.message == hashlib.sha256(NOTE).digest()
    assert abs((found.gen_time - datetime.now(UTC)).total_seconds()) < 60
    for fault in ("is_altered", "has_other_nonce"):
        setattr(trent, fault, True)
        with pytest.raises(AnchorError, match="believe"):
            opened(uri).publish(NOTE, tree_size=5, at=AT)
        setattr(trent, fault, False)
    (tmp_path / "roots.pem").write_bytes(TimeStampingAuthority("Mallory").root_pem)
    with pytest.raises(AnchorError, match="believe"):
        opened(uri).publish(NOTE, tree_size=5, at=AT)


def test_what_is_no_time_stamp_is_none(tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_bytes(TimeStampingAuthority().root_pem)
    answers = iter((b"", b"no stamp", bytes(64)))
    with listening(lambda path, headers, body: (200, next(answers))) as address:
        sink = opened(f"rfc3161:{address}#roots={tmp_path / 'roots.pem'}")
        for _ in range(3):
            with pytest.raises(AnchorError):
                sink.publish(NOTE, tree_size=5, at=AT)


@pytest.fixture
def log(db: None, settings: LazySettings, tmp_path: Path) -> None:
    """An empty log with a key, which signs a checkpoint whenever it is asked."""
    settings.AARM_SIGNING_KEY_PATH = tmp_path / "signing_key.pem"
    settings.AARM_CHECKPOINT_SECONDS = settings.AARM_CHECKPOINT_IDLE_SECONDS = 0
    ensure_signing_key()


def checkpoint(*, receipts: int) -> Checkpoint:
    """The next checkpoint, after some more receipts."""
    with transaction.atomic():
        for _ in range(receipts):
            issue_receipt(type=ReceiptType.DECISION, stream="ses_alice", body={}, at=database_now())
    sequence_waiting()
    found = sign_due_checkpoint()
    assert found is not None
    return found


@pytest.fixture
def witness(log: None) -> Iterator[tuple[WitnessDouble, str]]:
    """A witness that knows the log, and the sink's URI."""
    double = WitnessDouble(own_keys())
    with listening(double.answer) as address:
        yield double, f"witness:{address}/w/#key={double.vkey}"


def published(uri: str, row: Checkpoint) -> str:
    evidence = opened(uri).publish(row.note.encode(), tree_size=row.size, at=row.signed_at)
    assert evidence is not None
    return evidence.decode()


@pytest.mark.case("RCP-34", "RCP-25")
def test_a_witness_cosigns_a_log_that_grows_and_refuses_a_second_history(witness: tuple[WitnessDouble, str]) -> None:
    double, uri = witness
    for receipts in (3, 5, 0, 1):
        row = checkpoint(receipts=receipts)
        line = published(uri, row)
        known = Witness.from_vkey(double.vkey)
        found = cosignature_of(known, text=read_note(row.note).text, lines=line)
        assert (found.line, abs(found.time - datetime.now(UTC).timestamp()) < 60) == (line, True)
    assert double.asked == [0, 0, 3, 0, 8, 0, 8]
    assert double.seen is not None
    other = Checkpoint(size=9, note=_twin(double.seen.size), signed_at=AT)
    with pytest.raises(AnchorError, match="follow") as caught:
        published(uri, other)
    assert caught.value.permanent


@pytest.mark.case("RCP-25")
@pytest.mark.parametrize("size", [1000, 3], ids=["more than there is", "another history"])
def test_what_a_witness_was_shown_and_this_database_has_not_is_an_alarm_and_no_copy(
    witness: tuple[WitnessDouble, str], settings: LazySettings, size: int
) -> None:
    double, uri = witness
    settings.AARM_CHECKPOINT_SINKS = [uri]
    for receipts in (3, 2):
        row = checkpoint(receipts=receipts)
        taken, opened_alarms = publish_due_copies(), list(log_alarms().values_list("code", "subject"))
        if receipts == 3:
            assert (taken, opened_alarms) == (1, []), "the control"
            assert double.seen is not None
            double.seen = replace(double.seen, root=bytes(32), size=size)
    assert (taken, opened_alarms) == (0, [("INCONSISTENT", f"copy of checkpoint {row.pk}")])
    assert not CheckpointCopy.objects.exclude(published_at=None).filter(checkpoint=row).exists()


def _twin(size: int) -> str:
    """A checkpoint of another history, signed with the log's own key."""
    return sign_checkpoint(Said(log_origin(), size, bytes(32), database_now()), signer=current_signer())


def test_a_cosignature_that_is_none_is_not_kept(witness: tuple[WitnessDouble, str]) -> None:
    double, uri = witness
    double.is_dishonest = True
    row = checkpoint(receipts=1)
    with pytest.raises(AnchorError, match="no cosignature"):
        published(uri, row)
    stranger = WitnessDouble(own_keys())
    with pytest.raises(AnchorError, match="no cosignature"):
        published(uri.replace(double.vkey, stranger.vkey), checkpoint(receipts=1))


@pytest.mark.parametrize("content", [b"", b"soon\n", b"-1\n", b"9" * 20])
def test_a_witness_that_is_confused_is_asked_again_later(log: None, content: bytes) -> None:
    row = checkpoint(receipts=2)
    with listening(lambda path, headers, body: (409, content)) as address, pytest.raises(AnchorError) as caught:
        published(f"witness:{address}#key={WitnessDouble(own_keys()).vkey}", row)
    assert not caught.value.permanent


def test_a_checkpoint_that_comes_after_a_later_one_holds_nobody_up(witness: tuple[WitnessDouble, str]) -> None:
    earlier, later = checkpoint(receipts=2), checkpoint(receipts=2)
    assert published(witness[1], later)
    assert opened(witness[1]).publish(earlier.note.encode(), tree_size=earlier.size, at=earlier.signed_at) is None


def test_the_published_checkpoint_has_the_cosignatures_that_it_got(
    witness: tuple[WitnessDouble, str], settings: LazySettings
) -> None:
    double, uri = witness
    settings.AARM_CHECKPOINT_SINKS = [uri]
    row = checkpoint(receipts=1)
    assert cosigned_note(row) == row.note
    assert publish_due_copies() == 1
    note = cosigned_note(row)
    assert note.removeprefix(row.note).startswith(f"— {double.name} ")
    assert verify_checkpoint(note, keys=own_keys()).size == 1


@pytest.mark.case("RCP-25")
def test_what_leaves_carries_the_cosignature_and_verifies_with_the_witness_alone(
    witness: tuple[WitnessDouble, str], settings: LazySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    double, uri = witness
    settings.AARM_CHECKPOINT_SINKS = [uri]
    row = checkpoint(receipts=3)
    (tmp_path / "keys.json").write_text(json.dumps(published_jwks()))
    asked = ["verify", "--json", "--keys", str(tmp_path / "keys.json"), f"--witness={double.vkey}"]
    verdicts = []
    for _ in range(2):
        (tmp_path / "log.jsonl").write_bytes(b"".join(log_lines(row)))
        verdicts.append(main([*asked, str(tmp_path / "log.jsonl")]))
        report = json.loads(capsys.readouterr().out)
        publish_due_copies()
    assert verdicts == [4, 0], "Before the witness has answered nobody can know that it would."
    assert [item["name"] for item in report["witnesses"]] == [double.name]
    assert not [clause for clause in report["does_not_prove"] if "rewritten" in clause]


@pytest.mark.case("RCP-34")
def test_a_place_that_is_down_queues_its_copies_and_keeps_their_evidence_when_it_is_back(
    log: None, authority: tuple[TimeStampingAuthority, str], settings: LazySettings, tmp_path: Path
) -> None:
    trent, uri = authority
    settings.AARM_CHECKPOINT_SINKS = [uri, f"dir:{tmp_path / 'copies'}"]
    trent.is_altered = True
    row = checkpoint(receipts=2)
    assert publish_due_copies() == 1
    (waiting,) = unpublished_copies()
    assert (waiting.sink, "believe" in waiting.why_not) == (uri, True)
    anchored = Receipt.objects.order_by("issued_at")[0].pk
    assert [(place.kind, place.since is None) for place in anchors_of(anchored)] == [("rfc3161", True), ("dir", False)]
    with transaction.atomic():
        issue_receipt(type=ReceiptType.DECISION, stream="ses_alice", body={}, at=database_now())
    trent.is_altered = False
    CheckpointCopy.objects.update(next_attempt_at=database_now())
    assert publish_due_copies() == 1
    kept = CheckpointCopy.objects.get(sink=uri)
    assert kept.published_at is not None
    assert anchors_of(anchored)[0].since == kept.published_at
    (later,) = Receipt.objects.filter(entry=None)
    assert [place.since for place in anchors_of(later.pk)] == [None, None], "what is in no checkpoint is nowhere"
    stamp = decode_timestamp_response(bytes(kept.evidence or b""))
    assert stamp.tst_info.message_imprint.message == hashlib.sha256(row.note.encode()).digest()


@pytest.mark.case("RCP-34")
def test_an_auditor_takes_a_time_stamp_away_and_checks_it_without_us(
    log: None,
    authority: tuple[TimeStampingAuthority, str],
    settings: LazySettings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, uri = authority
    settings.AARM_CHECKPOINT_SINKS = [uri]
    stamped = checkpoint(receipts=2)
    receipt = Receipt.objects.order_by("position")[0].pk
    with pytest.raises(ProblemError, match="No time-stamping authority"):
        stamped_proof_of(receipt)
    assert publish_due_copies() == 1
    later = checkpoint(receipts=1)
    inclusion, found = stamped_proof_of(receipt)
    assert (found.pk, inclusion.tree_size) == (stamped.pk, stamped.size)
    write_stamps(tmp_path, checkpoints_for_auditors(later))
    (tmp_path / "keys.json").write_text(json.dumps(published_jwks()))
    (tmp_path / "other.pem").write_bytes(TimeStampingAuthority("Mallory").root_pem)
    (tmp_path / "later.note").write_text(later.note)
    folder, capsys_out = tmp_path / "timestamps", capsys.readouterr
    asked = ["verify", "--json", "--keys", str(tmp_path / "keys.json")]
    stamp = ["--timestamp", str(folder / "2.1.tsr")]

    def verdict(*words: str) -> tuple[int, Any]:
        capsys_out()
        code = main([*asked, *words])
        out = capsys_out().out
        return code, json.loads(out) if out else None

    code, report = verdict(*stamp, "--timestamp-roots", str(tmp_path / "roots.pem"), str(folder / "2.note"))
    assert (code, [item["size"] for item in report["timestamps"]]) == (0, [2])
    code, report = verdict(*stamp, "--timestamp-roots", str(tmp_path / "other.pem"), str(folder / "2.note"))
    assert (code, report["reason"]) == (2, "bad_signature")
    code, report = verdict(*stamp, "--timestamp-roots", str(tmp_path / "roots.pem"), str(tmp_path / "later.note"))
    assert (code, report["reason"]) == (2, "bad_signature")
    assert verdict(*stamp, str(folder / "2.note"))[0] == 64, "without authorities nothing would be verified"
    assert verdict("--timestamp-roots", str(tmp_path / "roots.pem"), str(folder / "2.note"))[0] == 64
    assert verdict("--timestamp-roots", str(tmp_path / "keys.json"), *stamp, str(folder / "2.note"))[0] == 64
