"""Bundles: what is in them, that they verify without us, and that none leaves without a receipt."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from receipts.exporters import csv as spreadsheets
from receipts.exporters.bundle import WHOLE
from receipts.exporters.companions import Named, named_in
from receipts.models import Alarm, Checkpoint, CheckpointCopy, Export, ExportState, Receipt
from receipts.problems import ProblemError
from receipts.selectors.accounting import accounts
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.exports import forget_old_exports, path_of, ready_export, request_export, write_next_export
from receipts.services.publication import publish_due_copies
from receipts.services.recovery import acknowledge_alarm
from receipts.services.rotation import RevocationReason, revoke_key, rotate_key
from receipts.services.sequencing import sequence_waiting
from receipts.signing.__main__ import main
from receipts.signing.statement import ReceiptType, parse_statement
from tests.docs.reading import ROOT
from tests.factories import MAIL, Cast, begin_session, decide, open_step_up, vote
from tests.integration.anchor_doubles import TimeStampingAuthority, listening
from tests.web.reading import read
from tests.web.tampering import tamper

FORMULAS = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "＝1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.AARM_EXPORT_DIR = tmp_path / "exports"
    return tmp_path / "exports"


@pytest.fixture
def history(cast: Cast) -> Cast:
    """One approved mail and two allowed ones in a session of their own; all of it in a signed log."""
    step = open_step_up(cast)
    vote(step, cast.bob)
    session = begin_session(cast)
    for number in range(2):
        decide(cast, session, "email.send", parameters={**MAIL, "to": "bob@corp.example", "subject": str(number)})
    sequence_waiting()
    sign_due_checkpoint()
    return cast


def bundle(client: Client, question: str, *, into: Path, **ticked: str) -> dict[str, bytes]:
    """Asks as an auditor does, lets the worker write, takes the file away and unpacks it."""
    assert client.post("/receipts/exports/new", {"question": question, **ticked}).status_code == 303
    assert write_next_export()
    (link,) = [link for link in read(client.get("/receipts/exports")).tagged("a") if "download" in link.attributes][:1]
    reply = client.get(link.attributes["href"])
    assert reply.headers["Content-Type"] == "application/zip"
    with pytest.warns(Warning, match="asynchronous iterators"):
        # This client is synchronous, the server that serves pages is not.
        content = b"".join(reply)
    assert reply.headers["X-Content-SHA256"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(into)
        return {name: archive.read(name) for name in archive.namelist()}


def verified(folder: Path, name: str) -> int:
    return main(["verify", "--keys", str(folder / "keys.json"), str(folder / name)])


def verified_whole(folder: Path, files: dict[str, bytes]) -> int:
    """The archive as it was taken away, packed again in the same order."""
    with zipfile.ZipFile(folder / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return verified(folder, "export.zip")


def session_of(history: Cast) -> str:
    return Receipt.objects.filter(decision="ALLOW").values_list("session_id", flat=True)[0]


def test_a_session_leaves_whole_and_verifies_without_us(history: Cast, victor: Client, tmp_path: Path) -> None:
    session = session_of(history)
    files = bundle(victor, f"session:{session}", into=tmp_path)
    assert json.loads(files["bundle.json"])["streams"] == [f"session/{session}"]
    assert verified(tmp_path, "bundle.json") == 0
    manifest = json.loads(files["manifest.json"])
    assert (manifest["receipts"], manifest["receipts_with_proof"], manifest["types"]) == (2, 2, {"decision": 2})
    for name, digest in manifest["files"].items():
        assert digest == f"sha256:{hashlib.sha256(files[name]).hexdigest()}"
    assert set(files) - set(manifest["files"]) == {"manifest.json"}
    assert files["verify.html"] == (ROOT / "aarm_site/static/verify.html").read_bytes()
    meaning, policy = sorted(name for name in files if name.startswith("policies/"))
    assert b"email-outside" in files[policy]
    digest = f"sha256:{hashlib.sha256(files[meaning]).hexdigest()}"
    assert meaning == f"policies/{digest[7:]}.json"
    assert {hash_of(line) for line in files["receipts.jsonl"].splitlines()} == {digest}
    altered = json.loads(files["bundle.json"])
    altered["receipts"].pop()
    (tmp_path / "bundle.json").write_text(json.dumps(altered))
    assert verified(tmp_path, "bundle.json") == 0, "a shorter beginning of the stream is a chain too"
    altered["receipts"][0]["inclusion"]["leaf_index"] += 1
    (tmp_path / "bundle.json").write_text(json.dumps(altered))
    assert verified(tmp_path, "bundle.json") != 0


def hash_of(line: bytes) -> str:
    """The policy that a receipt names."""
    found: str = json.loads(b64decode(json.loads(line)["payload"]))["body"]["decision"]["policy"]["hash"]
    return found


@pytest.mark.parametrize("most", [0, 1])
def test_what_has_no_proof_is_said_and_verified_by_its_signature(
    history: Cast, victor: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    whole = bundle(victor, "tool:email", into=tmp_path / "whole")
    assert b"have a proof" not in whole["README.txt"], "the control"
    monkeypatch.setattr("receipts.exporters.bundle.MOST_PROVEN", most)
    files = bundle(victor, "tool:email", into=tmp_path / "some")
    total = json.loads(files["manifest.json"])["receipts"]
    assert f"Of {total} receipts {most} have a proof" in files["README.txt"].decode()
    assert ("bundle.json" in files) is (most > 0)
    assert verified_whole(tmp_path / "some", files) == 0


def test_the_checkpoints_of_one_export_verify_a_later_one(history: Cast, victor: Client, tmp_path: Path) -> None:
    bundle(victor, "", into=tmp_path)
    later = tmp_path / "later"
    bundle(victor, "", into=later)
    words = ["verify", "--keys", str(later / "keys.json"), "--checkpoint", str(tmp_path / "checkpoints.jsonl")]
    assert main([*words, str(later / "log.jsonl")]) == 0


@pytest.mark.case("RCP-09", "RCP-25")
def test_a_selection_leads_on_from_what_an_auditor_took_away_before(
    history: Cast,
    victor: Client,
    tmp_path: Path,
    move_clock: Callable[[float], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle(victor, "tool:email", into=tmp_path / "first")
    first = Checkpoint.objects.latest("id")
    decide(history, begin_session(history), "files.read", parameters={})
    sequence_waiting()
    move_clock(11)
    assert sign_due_checkpoint() is not None
    files = bundle(victor, "tool:email", into=tmp_path)
    (earlier,) = json.loads(files["bundle.json"])["earlier"]
    assert (earlier["checkpoint"], earlier["consistency"]["from"]) == (first.note, first.size)
    assert json.loads(files["checkpoints.jsonl"].splitlines()[0])["note"] == first.note
    capsys.readouterr()
    asked = ["verify", "--json", "--keys", str(tmp_path / "keys.json")]
    kept = str(tmp_path / "first" / "checkpoints.jsonl")
    assert main([*asked, "--checkpoint", kept, str(tmp_path / "bundle.json")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["compared_sizes"], report["earlier_sizes"]) == ([first.size], [first.size])
    altered = json.loads(files["bundle.json"])
    altered["earlier"][0]["consistency"]["hashes"].reverse()
    (tmp_path / "bundle.json").write_text(json.dumps(altered))
    assert main([*asked, str(tmp_path / "bundle.json")]) == 2
    assert json.loads(capsys.readouterr().out)["reason"] == "inconsistent_log"


@pytest.mark.case("RCP-22")
def test_checkpoints_of_a_revoked_key_leave_no_more_so_that_the_others_can_be_compared(
    history: Cast, victor: Client, tmp_path: Path, move_clock: Callable[[float], None]
) -> None:
    revoke_key(key_id=rotate_key().old, reason=RevocationReason.COMPROMISED)
    sequence_waiting()
    move_clock(11)
    assert sign_due_checkpoint() is not None
    files = bundle(victor, "", into=tmp_path)
    assert Checkpoint.objects.count() == 2 == 1 + len(files["checkpoints.jsonl"].splitlines())
    words = ["--keys", str(tmp_path / "keys.json"), "--checkpoint", str(tmp_path / "checkpoints.jsonl")]
    assert main(["verify", *words, str(tmp_path / "log.jsonl")]) == 0
    # The control: with one of the others nothing could be compared.
    (tmp_path / "old.note").write_text(Checkpoint.objects.earliest("id").note)
    assert main(["verify", *words[:3], str(tmp_path / "old.note"), str(tmp_path / "log.jsonl")]) == 4


def test_a_selection_says_that_it_is_one(history: Cast, victor: Client, tmp_path: Path) -> None:
    files = bundle(victor, "type:vote human:alice", into=tmp_path)
    manifest = json.loads(files["manifest.json"])
    assert (manifest["is_filtered"], manifest["question"]) == (True, "type:vote human:alice")
    assert "A selection." in manifest["note"]
    assert b"A selection." in files["README.txt"]
    assert json.loads(files["bundle.json"])["streams"] == []
    assert verified(tmp_path, "bundle.json") == verified_whole(tmp_path, files) == 0
    (line,) = files["receipts.jsonl"].splitlines()
    assert json.loads(line)["signatures"]
    assert "log.jsonl" not in files


def test_everything_leaves_as_the_log_that_was_signed(history: Cast, victor: Client, tmp_path: Path) -> None:
    count = Receipt.objects.count()
    files = bundle(victor, "", into=tmp_path)
    manifest = json.loads(files["manifest.json"])
    assert (manifest["is_filtered"], manifest["receipts"]) == (False, count)
    assert verified(tmp_path, "log.jsonl") == verified_whole(tmp_path, files) == 0
    lines = files["log.jsonl"].splitlines(keepends=True)
    (tmp_path / "log.jsonl").write_bytes(b"".join(lines[:3] + lines[4:]))
    assert verified(tmp_path, "log.jsonl") != 0
    assert len(files["checkpoints.jsonl"].splitlines()) == 1


def test_everything_says_what_no_checkpoint_covers_yet(history: Cast, victor: Client, tmp_path: Path) -> None:
    manifest = json.loads(bundle(victor, "", into=tmp_path)["manifest.json"])
    assert (manifest["receipts_later"], manifest["receipts_unplaced"], manifest["note"]) == (0, 0, WHOLE)
    decide(history, begin_session(history), "files.read", parameters={})
    later = Receipt.objects.count() - manifest["receipts"]
    files = bundle(victor, "", into=tmp_path)
    manifest = json.loads(files["manifest.json"])
    assert (manifest["receipts_later"], manifest["is_filtered"]) == (later, False)
    assert f"are missing: {later}." in manifest["note"]
    assert manifest["note"].encode() in files["README.txt"]
    assert verified(tmp_path, "log.jsonl") == 0


def test_a_receipt_that_is_dated_forward_is_said_to_be_missing_like_any_other(
    history: Cast, victor: Client, tmp_path: Path
) -> None:
    session = begin_session(history)
    decide(history, session, "files.read", parameters={})
    tamper(Receipt.objects.get(stream=f"session/{session}", position=1), issued_at=datetime(2100, 1, 1, tzinfo=UTC))
    count = Receipt.objects.count()
    manifest = json.loads(bundle(victor, "", into=tmp_path)["manifest.json"])
    assert manifest["receipts"] + manifest["receipts_later"] == count
    assert f"are missing: {count - manifest['receipts']}." in manifest["note"]


def test_everything_says_how_many_receipts_have_no_place_in_the_log(
    history: Cast, victor: Client, tmp_path: Path
) -> None:
    """One that was altered while it waited leaves the queue without a place, once somebody knows."""
    session = begin_session(history)
    decide(history, session, "files.read", parameters={})
    tamper(Receipt.objects.get(stream=f"session/{session}", position=1), signature=b"0" * 64)
    sequence_waiting()
    acknowledge_alarm(Alarm.objects.get().pk, actor="trent", reason="We looked into it.")
    sequence_waiting()
    count = Receipt.objects.count()
    files = bundle(victor, "", into=tmp_path)
    manifest = json.loads(files["manifest.json"])
    assert manifest["receipts"] + manifest["receipts_later"] == count - 1
    assert manifest["receipts_unplaced"] == 1
    assert "without a place in the log" in manifest["note"]
    assert "are missing: 1." in manifest["note"]
    assert WHOLE not in manifest["note"]
    assert manifest["note"].encode() in files["README.txt"]
    assert verified_whole(tmp_path, files) == 0


def heads(files: dict[str, bytes]) -> dict[tuple[str, int], str]:
    """By session and position, the entry's digest that the receipts of a bundle were signed with."""
    payloads = [b64decode(json.loads(line)["payload"]) for line in files["receipts.jsonl"].splitlines()]
    bodies = [parse_statement(payload).body for payload in payloads]
    contexts: list[Any] = [body["context"] for body in bodies if "context" in body]
    return {(said["session"], said["position"]): said["head"] for said in contexts if "head" in said}


def test_the_entries_of_sessions_leave_where_they_are_asked_for_and_are_what_was_signed(
    history: Cast, victor: Client, tmp_path: Path
) -> None:
    without = bundle(victor, "tool:email", into=tmp_path / "without")
    assert json.loads(without["manifest.json"])["contexts"] == "none"
    assert not any(name.startswith("contexts/") for name in without)
    files = bundle(victor, "tool:email", into=tmp_path / "with", contexts="on")
    signed = heads(files)
    assert len({session for session, _ in signed}) == 2
    assert len(signed) >= 3
    for session in {session for session, _ in signed}:
        lines = files[f"contexts/{session}.jsonl"].splitlines()
        digests = [f"sha256:{hashlib.sha256(line).hexdigest()}" for line in lines]
        assert [json.loads(line).get("previous") for line in lines[1:]] == digests[:-1]
        named = {position: head for (of, position), head in signed.items() if of == session}
        assert {position: digests[position - 1] for position in named} == named
        assert len(lines) == max(named), "nothing behind what the receipts name"
    assert verified_whole(tmp_path / "with", files) == 0
    assert json.loads(files["manifest.json"])["contexts"] == "commitments"
    assert b"contexts/ has a file" in files["README.txt"]
    assert "With entries of sessions" in read(victor.get("/receipts/exports")).text


def test_a_stored_name_is_no_path(history: Cast, victor: Client) -> None:
    receipt = Receipt.objects.filter(decision="ALLOW")[0]
    session = receipt.session_id
    assert named_in(receipt).session == session
    for name in ("../../etc/passwd", "ses_", f"{session}/..", f"{session}\n"):
        receipt.body = bytes(receipt.body).replace(session.encode(), json.dumps(name)[1:-1].encode())
        assert named_in(receipt).session == ""
        receipt.refresh_from_db()
    receipt.body = b"[]"
    assert named_in(receipt) == Named()


def test_no_bundle_leaves_without_its_receipt(history: Cast, victor: Client, tmp_path: Path) -> None:
    bundle(victor, "human:alice", into=tmp_path)
    receipt = Receipt.objects.get(type=ReceiptType.EXPORT.value)
    body = parse_statement(bytes(receipt.body)).body
    export = Export.objects.get()
    assert body["actor"] == {"person": history.victor.person_id}
    assert body["export"] == {
        "id": export.pk,
        "receipts": 5,
        "is_filtered": True,
        "has_contexts": False,
        "digest": export.digest,
    }
    assert b"alice" not in bytes(receipt.body), "whom somebody looked for is not signed in the clear"
    page = read(victor.get(f"/r/{receipt.pk}"))
    assert page.tagged("h1")[0].text == "victor exported 5 receipts."
    assert page.of_class("check--failed") == []
    (account,) = [account for account in accounts() if account.noun == "finished exports"]
    assert (account.owed, account.receipts, account.is_even) == (1, 1, True)


def test_cells_are_never_formulas(history: Cast, victor: Client, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(bundle(victor, "tool:email", into=tmp_path)["receipts.csv"].decode())))
    assert [row["operation"] for row in rows] == ["send"] * 5
    row = Receipt.objects.filter(tool="email")[0]
    for formula in FORMULAS:
        row.tool = formula
        (cells,) = csv.reader(io.StringIO(spreadsheets.csv_line(row), newline=""))
        assert f"'{formula}" in cells
        assert formula not in cells


def test_only_auditors_export_and_only_their_own(history: Cast, victor: Client, bob: Client, trent: Client) -> None:
    assert bob.post("/receipts/exports/new", {"question": ""}).status_code == 403
    with pytest.raises(ProblemError):
        request_export(history.bob, question="")
    export = request_export(history.victor, question="tool:email")
    assert write_next_export()
    path = f"/receipts/exports/{export.pk}.zip"
    assert [client.get(path).status_code for client in (victor, trent, bob)] == [200, 404, 403]
    assert trent.get(f"/api/v1/receipts/exports/{export.pk}").status_code == 404


def test_the_same_over_the_api(history: Cast, victor: Client) -> None:
    asked = victor.post("/api/v1/receipts/export", {"q": "tool:email"}, content_type="application/json")
    assert (asked.status_code, asked.json()["state"], asked.json()["url"]) == (202, "WAITING", None)
    assert write_next_export()
    done = victor.get(f"/api/v1/receipts/exports/{asked.json()['id']}").json()
    assert (done["state"], done["receipts"]) == ("READY", 5)
    assert victor.get(done["url"]).status_code == 200
    refused = victor.post("/api/v1/receipts/export", {"q": "tool:"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_query")


def test_the_page_shows_progress_and_asks_again_until_it_is_done(history: Cast, victor: Client) -> None:
    assert "No exports yet" in read(victor.get("/receipts/exports")).text
    export = request_export(history.victor, question="")
    waiting = read(victor.get("/receipts/exports"))
    assert "Waiting to be written" in waiting.text
    assert "data-waiting" in waiting.by_id("exports").attributes
    assert "Look again" in waiting.text
    Export.objects.filter(pk=export.pk).update(state=ExportState.RUNNING, written=500)
    assert "500 written" in read(victor.get("/receipts/exports")).text
    Export.objects.filter(pk=export.pk).update(state=ExportState.FAILED)
    failed = read(victor.get("/receipts/exports"))
    assert "could not be written" in failed.text
    assert "data-waiting" not in failed.by_id("exports").attributes


def test_an_export_whose_writer_died_is_begun_again_by_another(
    history: Cast, move_clock: Callable[[float], None], victor: Client
) -> None:
    export = request_export(history.victor, question="tool:email")
    at = Receipt.objects.latest("issued_at").issued_at
    Export.objects.filter(pk=export.pk).update(state=ExportState.RUNNING, renewed_at=at, written=400)
    assert not write_next_export(), "it may still be alive"
    move_clock(121)
    assert write_next_export()
    export.refresh_from_db()
    assert (export.state, export.written) == (ExportState.READY, 5)
    assert not write_next_export()


def test_who_was_overtaken_neither_finishes_nor_signs(history: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    export = request_export(history.victor, question="tool:email")

    def overtaken(*arguments: object, **options: object) -> str:
        Export.objects.filter(pk=export.pk).update(renewed_at=None)
        path_of(export).write_bytes(b"")
        return "sha256:" + "0" * 64

    monkeypatch.setattr("receipts.services.exports.pack", overtaken)
    assert write_next_export()
    assert not Receipt.objects.filter(type=ReceiptType.EXPORT.value).exists()
    export.refresh_from_db()
    assert export.state == ExportState.RUNNING


def test_a_failure_is_recorded_and_told(history: Cast, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    export = request_export(history.victor, question="")

    def full(*arguments: object, **options: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("receipts.services.exports.pack", full)
    with pytest.raises(OSError, match="No space"):
        write_next_export()
    export.refresh_from_db()
    assert export.state == ExportState.FAILED
    assert list(folder.iterdir()) == []


def test_who_is_no_auditor_any_more_gets_nothing(history: Cast) -> None:
    request_export(history.victor, question="")
    history.victor.groups.clear()
    with pytest.raises(ProblemError):
        write_next_export()
    assert Export.objects.get().state == ExportState.FAILED


def test_files_are_kept_for_a_week(history: Cast, move_clock: Callable[[float], None], folder: Path) -> None:
    export = request_export(history.victor, question="tool:email")
    write_next_export()
    assert forget_old_exports() == 0
    move_clock(8 * 86_400)
    assert forget_old_exports() == 1
    assert list(folder.iterdir()) == []
    with pytest.raises(ProblemError):
        ready_export(history.victor, export.pk)


@pytest.mark.case("RCP-34")
@pytest.mark.parametrize("question", ["", "tool:email"])
def test_time_stamps_leave_with_an_export_and_are_of_its_log(
    history: Cast,
    victor: Client,
    settings: Any,
    tmp_path: Path,
    move_clock: Callable[[float], None],
    capsys: pytest.CaptureFixture[str],
    question: str,
) -> None:
    trent = TimeStampingAuthority()
    (tmp_path / "roots.pem").write_bytes(trent.root_pem)
    with listening(trent.answer) as address:
        # What was signed before goes to the folder of all tests, which another database must not find.
        CheckpointCopy.objects.all().delete()
        settings.AARM_CHECKPOINT_SINKS = [f"rfc3161:{address}#roots={tmp_path / 'roots.pem'}"]
        decide(history, begin_session(history), "files.read", parameters={})
        sequence_waiting()
        move_clock(11)
        stamped = sign_due_checkpoint()
        assert stamped is not None
        assert publish_due_copies() == 1
    files = bundle(victor, question, into=tmp_path)
    assert {f"timestamps/{stamped.size}.note", f"timestamps/{stamped.size}.1.tsr"} <= set(files)
    receipt = Receipt.objects.filter(tool="email").latest("issued_at")
    assert "Download the time stamp" in victor.get(f"/r/{receipt.pk}").content.decode()
    said = victor.get(f"/api/v1/receipts/{receipt.pk}/timestamp").json()
    assert b64decode(said["timestamps"][0]) == files[f"timestamps/{stamped.size}.1.tsr"]
    assert said["checkpoint"] == stamped.note
    assert verified_whole(tmp_path, files) == 0, "who asks for no time stamp needs no authority"
    capsys.readouterr()
    asked = ["verify", "--json", "--keys", str(tmp_path / "keys.json"), "--timestamp-roots"]
    assert main([*asked, str(tmp_path / "roots.pem"), str(tmp_path / "export.zip")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert ([item["size"] for item in report["timestamps"]], report["compared_sizes"]) == ([stamped.size], [])
    (tmp_path / "other.pem").write_bytes(TimeStampingAuthority("Mallory").root_pem)
    assert main([*asked, str(tmp_path / "other.pem"), str(tmp_path / "export.zip")]) == 2
    none = {name: content for name, content in files.items() if not name.startswith("timestamps/")}
    manifest = json.loads(none.pop("manifest.json"))
    manifest["files"] = {name: digest for name, digest in manifest["files"].items() if name in none}
    assert verified_whole(tmp_path, {**none, "manifest.json": json.dumps(manifest).encode()}) == 0
    assert main([*asked, str(tmp_path / "roots.pem"), str(tmp_path / "export.zip")]) == 64
