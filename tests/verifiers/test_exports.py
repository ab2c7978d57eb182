"""An export is verified as it was taken away: both verifiers read the zip file, whatever its names and sizes say."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from receipts.signing.__main__ import main
from receipts.signing.lines import MAX_LINE
from receipts.signing.zip_records import MAX_ENTRIES
from tests.unit.signing.issuer import issuer
from tests.verifiers.exports import CHAIN, KEYS, log, manifest, note, packed, selection
from tests.verifiers.javascript import JavaScriptVerifier
from tests.verifiers.python import python_verdict
from tests.verifiers.questions import Question, Verdict

MALFORMED, TAMPERED, USAGE = (1, "malformed"), (2, "tampered"), (64, None)


def whole(**changes: object) -> bytes:
    return packed(manifest(selection(), **{"receipts": 3, **changes}))


def without(name: str) -> bytes:
    return packed(manifest({of: found for of, found in selection().items() if of != name}, receipts=3))


def instead(name: str, content: bytes, *, receipts: int = 3) -> bytes:
    """A manifest that fits what was put in: nobody signs it."""
    return packed(manifest({**selection(), name: content}, receipts=receipts))


def swapped(name: str, content: bytes) -> bytes:
    """A manifest that was left as it was."""
    return packed({**manifest(selection(), receipts=3), name: content})


def named(name: str) -> bytes:
    return packed(manifest({**selection(), name: b"x"}, receipts=3))


def twice() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in manifest(selection(), receipts=3).items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("receipts.csv", b"other")
    return made.getvalue()


def forged() -> bytes:
    """A receipt that says something else, in a list whose manifest fits."""
    lines = selection()["receipts.jsonl"].splitlines(keepends=True)
    last = json.loads(lines[2])
    last["signatures"] = json.loads(lines[1])["signatures"]
    return instead("receipts.jsonl", b"".join(lines[:2]) + json.dumps(last).encode() + b"\n")


def resigned(*, key_id: str = CHAIN[0].key_id) -> bytes:
    """A line of a receipt that the bundle proves, with a signature that is none."""
    first, rest = selection()["receipts.jsonl"].split(b"\n", 1)
    said = json.loads(first)
    said["signatures"] = [{"keyid": key_id, "sig": base64.b64encode(bytes(64)).decode()}]
    return instead("receipts.jsonl", json.dumps(said).encode() + b"\n" + rest)


def widened(lines: bytes, *, length: int) -> bytes:
    """With a last line of that length."""
    *before, last = lines.splitlines(keepends=True)
    return b"".join([*before, b"{" + b" " * (length - len(last)) + last[1:]])


def padded(length: int) -> bytes:
    return instead("receipts.jsonl", widened(selection()["receipts.jsonl"], length=length))


def padded_log(length: int) -> bytes:
    return packed(manifest({"log.jsonl": widened(log()["log.jsonl"], length=length)}, receipts=2))


def patched(data: bytes, *, signature: bytes, at: int, value: bytes) -> bytes:
    """The first record of that kind, with other bytes at a place in it."""
    place = data.index(signature) + at
    return data[:place] + value + data[place + len(value) :]


def bomb() -> bytes:
    """An entry that says that it is four gigabytes long."""
    return patched(whole(), signature=b"PK\x01\x02", at=24, value=b"\xf0\xff\xff\xff")


def liar() -> bytes:
    """An entry that is longer than it says."""
    return patched(whole(), signature=b"PK\x01\x02", at=24, value=b"\x10\x00\x00\x00")


def encrypted() -> bytes:
    return patched(whole(), signature=b"PK\x01\x02", at=8, value=b"\x01\x00")


def other_crc() -> bytes:
    return patched(whole(), signature=b"PK\x01\x02", at=16, value=b"\x00\x00\x00\x00")


def other_header() -> bytes:
    return patched(whole(), signature=b"PK\x03\x04", at=30, value=b"q")


def long(count: int, *, magic: bytes = b"PK\x06\x06") -> bytes:
    """An end as only large archives need it, which says that there are so many entries."""
    data = whole()
    end = data[-22:]
    size, offset = struct.unpack_from("<II", end, 12)
    record = struct.pack("<4sQ2H2I4Q", magic, 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(data) - 22, 1)
    return data[:-22] + record + locator + end


QUESTIONS: dict[str, tuple[Callable[[], bytes], Verdict]] = {
    "a selection": (whole, (0, None)),
    "a selection that is only stored": (
        lambda: packed(manifest(selection(), receipts=3), method=zipfile.ZIP_STORED), MALFORMED),
    "a selection of which nothing is proven yet": (lambda: without("bundle.json"), (0, None)),
    "everything": (lambda: packed(manifest(log(), receipts=2)), (0, None)),
    "a forged receipt": (forged, (2, "bad_signature")),
    "a proven receipt under another signature": (lambda: resigned(), (2, "bad_signature")),
    "a proven receipt under another key": (lambda: resigned(key_id="nobody's"), (4, "untrusted_key")),
    "a line as long as may be": (lambda: padded(MAX_LINE), (0, None)),
    "a longer line": (lambda: padded(MAX_LINE + 1), MALFORMED),
    "a longer line of a log": (lambda: padded_log(MAX_LINE + 1), MALFORMED),
    "a proven receipt left out": (
        lambda: instead("receipts.jsonl", selection()["receipts.jsonl"].split(b"\n", 1)[1], receipts=2),
        (2, "log_mismatch")),
    "a log that was cut": (
        lambda: packed(manifest({"log.jsonl": log()["log.jsonl"].rsplit(b"\n", 2)[0] + b"\n"}, receipts=1)),
        (2, "log_mismatch")),
    "a last line that was cut": (
        lambda: instead("receipts.jsonl", selection()["receipts.jsonl"][:-1]), MALFORMED),
    "no receipts": (lambda: packed(manifest({"receipts.jsonl": b""}, receipts=0)), MALFORMED),
    "both kinds": (lambda: packed(manifest({**selection(), **log()}, receipts=3)), MALFORMED),
    "neither kind": (lambda: packed(manifest({"receipts.csv": b"id"}, receipts=0)), MALFORMED),
    "another number": (lambda: whole(receipts=4), TAMPERED),
    "no number": (lambda: whole(receipts="3"), MALFORMED),
    "no digests": (lambda: whole(files={"receipts.csv": "none"}), MALFORMED),
    "another format": (lambda: whole(format="aarm-export/2"), (5, "unsupported")),
    "no format": (lambda: whole(format=2), MALFORMED),
    "no manifest": (lambda: packed(selection()), MALFORMED),
    "an altered file": (lambda: swapped("policies/p.yaml", b"policy: q\n"), TAMPERED),
    "another policy under its hash": (lambda: instead(f"policies/{'0' * 64}.json", b"{}"), TAMPERED),
    "a file that was added": (lambda: swapped("later.txt", b"read me"), TAMPERED),
    "a file that was taken out": (lambda: whole(files={"gone.txt": f"sha256:{'0' * 64}"}), TAMPERED),
    "a name twice": (twice, MALFORMED),
    "a name that climbs": (lambda: named("../../etc/cron.d/x"), MALFORMED),
    "a name from the root": (lambda: named("/etc/passwd"), MALFORMED),
    "a name with a drive": (lambda: named("C:evil"), MALFORMED),
    "a hidden name": (lambda: named("policies/.profile"), MALFORMED),
    "a folder": (lambda: named("contexts/"), MALFORMED),
    "a bomb": (bomb, MALFORMED),
    "more than it says": (liar, MALFORMED),
    "another way to pack": (
        lambda: packed(manifest(selection(), receipts=3), method=zipfile.ZIP_BZIP2), MALFORMED),
    "encrypted": (encrypted, MALFORMED),
    "a list of entries that is none": (
        lambda: patched(whole(), signature=b"PK\x01\x02", at=0, value=b"none"), MALFORMED),
    "another check sum in the list": (other_crc, MALFORMED),
    "another name where it lies": (other_header, MALFORMED),
    "cut off": (lambda: whole()[:-9], MALFORMED),
    "something before": (lambda: b"PK\x03\x04" + whole(), MALFORMED),
    "something behind": (lambda: whole() + b"\n", MALFORMED),
    "only its beginning": (lambda: b"PK\x03\x04", MALFORMED),
}  # fmt: skip


@pytest.mark.case("RCP-15")
def test_both_verifiers_read_the_archive_and_give_one_verdict(javascript: JavaScriptVerifier, tmp_path: Path) -> None:
    asked = {name: Question(file=make(), keys=KEYS) for name, (make, _) in QUESTIONS.items()}
    here = {name: python_verdict(question, folder=tmp_path) for name, question in asked.items()}
    assert here == {name: verdict for name, (_, verdict) in QUESTIONS.items()}
    assert dict(zip(asked, javascript.verdicts(asked.values()), strict=True)) == here


def test_what_was_kept_is_compared_with_the_checkpoint_inside(javascript: JavaScriptVerifier, tmp_path: Path) -> None:
    kept = (note().encode(),)
    asked = {
        "bundle": (Question(whole(), KEYS, kept=kept), (0, None)),
        "log": (Question(packed(manifest(log(), receipts=2)), KEYS, kept=kept), (0, None)),
        "nothing to compare with": (Question(without("bundle.json"), KEYS, kept=kept), USAGE),
        "selected": (Question(whole(), KEYS, each=True), USAGE),
        "a head": (Question(whole(), KEYS, expect_head=f"3:{CHAIN[2].digest}"), USAGE),
        "another key": (Question(whole(), json.dumps({"keys": [issuer("bob").jwk()]}).encode()), (4, "untrusted_key")),
    }
    here = {name: python_verdict(question, folder=tmp_path) for name, (question, _) in asked.items()}
    assert here == {name: verdict for name, (_, verdict) in asked.items()}
    assert javascript.verdicts(question for question, _ in asked.values()) == list(here.values())


def test_too_many_entries_are_refused_before_any_is_read(tmp_path: Path) -> None:
    for count in (6, 5, MAX_ENTRIES + 1):
        assert python_verdict(Question(long(count), KEYS), folder=tmp_path) == MALFORMED
    assert python_verdict(Question(long(6, magic=b"none"), KEYS), folder=tmp_path) == MALFORMED


def test_a_manifest_that_no_memory_holds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receipts.signing.archive.MAX_WHOLE", 100)
    assert python_verdict(Question(whole(), KEYS), folder=tmp_path) == MALFORMED


def test_the_report_says_what_was_proven_and_what_nobody_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys.json").write_bytes(KEYS)
    archive = tmp_path / "export.zip"
    archive.write_bytes(whole())
    before = sorted(tmp_path.iterdir())
    assert main(["verify", "--keys", str(tmp_path / "keys.json"), str(archive)]) == 0
    text = capsys.readouterr().out
    assert f"archive sha256:{hashlib.sha256(whole()).hexdigest()}" in text
    assert "3 receipts are unaltered since signing with a key that you trust, and 2 of them in the log of 2" in text
    assert "nobody signs these" in text
    assert "receipts without a proof are in the log" in text
    assert sorted(tmp_path.iterdir()) == before, "nothing is unpacked to the disk"
    archive.write_bytes(without("bundle.json"))
    assert main(["verify", "--json", "--keys", str(tmp_path / "keys.json"), str(archive)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["count"], report["checkpoint"]) == (3, None)


def test_a_long_log_is_read_in_pieces_by_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("receipts.signing.files.CHUNK_BYTES", 64)
    (tmp_path / "keys.json").write_bytes(KEYS)
    (tmp_path / "all.zip").write_bytes(packed(manifest(log(), receipts=2)))
    arguments = ["--processes", "2", "--keys", str(tmp_path / "keys.json"), str(tmp_path / "all.zip")]
    assert main(["verify", *arguments]) == 0
    assert "The receipts 1 to 2 of the log" in capsys.readouterr().out
    assert main(["verify", "--without-signatures", *arguments]) == 0
