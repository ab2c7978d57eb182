"""Log files: the fast way and the parser agree on every line, and so do one process and several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.signing import files
from receipts.signing.__main__ import main
from receipts.signing.canonical import canonical_bytes
from receipts.signing.checkpoint import Checkpoint, origin_of, sign_checkpoint
from receipts.signing.envelope import PAYLOAD_TYPE, Envelope, sign_payload
from receipts.signing.errors import ExitCode, VerificationError
from receipts.signing.keys import KeySet
from receipts.signing.lines import Leaf, parsed_line, read_leaf, read_line
from receipts.signing.logfile import FORMAT
from receipts.signing.merkle import Frontier, leaf_hash
from receipts.signing.proofs import digest_bytes
from tests.unit.signing.issuer import ISSUED_AT, Issuer, issuer

LINE = canonical_bytes(issuer("alice").receipt().to_dict()) + b"\n"


def line_of(envelope: Envelope) -> bytes:
    return canonical_bytes(envelope.to_dict()) + b"\n"


def outcome(line: bytes, *, is_fast: bool) -> object:
    """The envelope, or the reason why there is none."""
    try:
        return read_line(line) if is_fast else Envelope.from_dict(parsed_line(line))
    except VerificationError as error:
        return error.reason


@given(st.integers(0, len(LINE) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_a_line_is_the_same_receipt_to_both_readers(place: int, put: bytes, taken: int) -> None:
    line = LINE[:place] + put + LINE[place + taken :]
    assert outcome(line, is_fast=True) == outcome(line, is_fast=False)


def test_the_fast_reader_takes_what_we_write() -> None:
    assert outcome(LINE, is_fast=True) == outcome(LINE, is_fast=False) == issuer("alice").receipt()
    assert outcome(LINE[:-1], is_fast=True) == "malformed"
    assert outcome(LINE.replace(b'"sig":"', b'"sig":"A'), is_fast=True) == "malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"position": 7, "previous": "sha256:" + "a" * 64},
        {"body": {"deployment": "other", "stream": "other", "v": 1}},
        {"body": {}},
        {"body": {"z": '},"deployment":"other","id":"x"'}},
        {"body": {"text": "a" * 3000}},
    ],
)
def test_a_receipt_that_is_only_read_says_what_it_says_when_verified(
    alice: Issuer, keys: KeySet, changes: dict[str, Any]
) -> None:
    line = line_of(alice.receipt(**changes))
    assert read_leaf(line, leaf_index=0, keys=None) == read_leaf(line, leaf_index=0, keys=keys)


@pytest.mark.parametrize(
    "payload",
    [
        b"[]", b"nothing", b"{}", b'{"deployment":1,"stream":"s","position":1,"previous":null}',
        b'{"deployment":"d","stream":"s","position":"1","previous":null}',
        b'{"deployment":"d","stream":"s","position":2,"previous":"sha256:zz"}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_payload_that_nobody_can_read_is_malformed(alice: Issuer, payload: bytes) -> None:
    line = line_of(sign_payload(payload, signer=alice.key))
    with pytest.raises(VerificationError) as caught:
        read_leaf(line, leaf_index=0, keys=None)
    assert caught.value.reason == "malformed"


def test_a_payload_in_another_form_is_read_too(alice: Issuer) -> None:
    payload = b'{"stream": "s", "position": 2, "previous": "sha256:' + b"a" * 64 + b'", "deployment": "d"}'
    found = read_leaf(line_of(sign_payload(payload, signer=alice.key)), leaf_index=0, keys=None)
    assert found[:4] == Leaf("d", "s", 2, b"\xaa" * 32, b"")[:4]


def written(folder: Path, *, envelopes: list[Envelope], signer: Issuer, size: int | None = None) -> Path:
    """A log file, and the key file beside it."""
    frontier = Frontier.empty()
    for envelope in envelopes[:size]:
        frontier.append(leaf_hash(digest_bytes(envelope.digest)))
    said = Checkpoint(origin_of("test.example"), frontier.size, frontier.root, ISSUED_AT)
    note = sign_checkpoint(said, signer=signer.key)
    head = {"format": FORMAT, "checkpoint": note, "start": 0, "before": []}
    path = folder / "log.jsonl"
    path.write_bytes(canonical_bytes(head) + b"\n" + b"".join(map(line_of, envelopes)))
    (folder / "keys.json").write_text(json.dumps({"keys": [signer.jwk()]}))
    return path


def verdict(path: Path, *options: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str | None, int | None]:
    arguments = ["verify", "--json", "--keys", str(path.with_name("keys.json")), *options, str(path)]
    exit_code = main(arguments)
    report = json.loads(capsys.readouterr().out)
    return exit_code, report.get("reason"), report.get("ordinal")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK_BYTES", 3000)


@pytest.mark.case("RCP-31")
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("options", [[], ["--without-signatures"]])
def test_several_processes_say_what_one_says_and_name_the_same_receipt(
    alice: Issuer, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    log = alice.chain(30)
    good = written(tmp_path, envelopes=log, signer=alice)
    for processes in ("1", "2"):
        assert verdict(good, *options, "--processes", processes, capsys=capsys) == (ExitCode.VALID, None, None)
    broken = written(tmp_path, envelopes=[*log[:17], log[18], log[17], *log[19:]], signer=alice)
    for processes in ("1", "2"):
        found = verdict(broken, *options, "--processes", processes, capsys=capsys)
        assert found == (ExitCode.TAMPERED, "broken_chain", 18)
    lines = written(tmp_path, envelopes=log, signer=alice).read_bytes().splitlines(keepends=True)
    broken.write_bytes(b"".join([*lines[:21], b'{"payload":1}\n', *lines[22:]]))
    for processes in ("1", "2"):
        found = verdict(broken, *options, "--processes", processes, capsys=capsys)
        assert found[1:] == ("malformed", 21)


@pytest.mark.usefixtures("small_chunks")
def test_a_forged_signature_is_found_by_whoever_verifies_them(
    alice: Issuer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = alice.chain(12)
    forged = Envelope(log[7].payload, bytes([log[7].signature[0] ^ 1]) + log[7].signature[1:], log[7].key_id)
    path = written(tmp_path, envelopes=[*log[:7], forged, *log[8:]], signer=alice)
    assert verdict(path, capsys=capsys) == (ExitCode.TAMPERED, "bad_signature", 8)
    assert verdict(path, "--without-signatures", capsys=capsys)[0] == ExitCode.VALID


def test_an_early_fork_is_a_fork(alice: Issuer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = alice.chain(6)
    twin = alice.receipt(id="rct_twin", position=2, previous=log[0].digest)
    path = written(tmp_path, envelopes=[*log, twin], signer=alice)
    assert verdict(path, capsys=capsys) == (ExitCode.FORK, "fork", 7)


def test_a_log_that_starts_later_takes_its_streams_as_they_come(
    alice: Issuer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = alice.chain(5)
    path = written(tmp_path, envelopes=log, signer=alice)
    lines = path.read_bytes().splitlines(keepends=True)
    frontier = Frontier.empty()
    for envelope in log[:2]:
        frontier.append(leaf_hash(digest_bytes(envelope.digest)))
    head = json.loads(lines[0]) | {"start": 2, "before": [f"sha256:{item.hex()}" for item in frontier.hashes]}
    path.write_bytes(canonical_bytes(head) + b"\n" + b"".join(lines[3:]))
    assert verdict(path, capsys=capsys) == (ExitCode.VALID, None, None)
    twin = line_of(alice.receipt(id="rct_twin", position=4, previous=log[2].digest))
    path.write_bytes(canonical_bytes(head) + b"\n" + b"".join([*lines[3:5], twin, *lines[5:]]))
    assert verdict(path, capsys=capsys) == (ExitCode.FORK, "fork", 3)


def test_what_can_not_be_meant_is_wrong_use(alice: Issuer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, envelopes=alice.chain(2), signer=alice)
    keys = ["--keys", str(tmp_path / "keys.json")]
    single = tmp_path / "receipt.json"
    single.write_text(json.dumps(alice.receipt().to_dict()))
    note = tmp_path / "kept.note"
    note.write_text(json.loads(path.read_bytes().splitlines()[0])["checkpoint"])
    for arguments in (
        [str(path), str(path)],
        ["--each", str(path)],
        ["--disclosure", str(single), str(path)],
        ["--checkpoint", str(note), str(single)],
        [str(tmp_path / "missing")],
        ["--checkpoint", str(tmp_path / "missing"), str(path)],
    ):
        assert main(["verify", *keys, *arguments]) == ExitCode.USAGE
    assert main(["verify", *keys, str(note)]) == ExitCode.VALID
    assert PAYLOAD_TYPE not in capsys.readouterr().out
    note.write_bytes(b"\xff\n\xe2\x80\x94 ")
    assert main(["verify", *keys, "--checkpoint", str(note), str(path)]) == ExitCode.MALFORMED
