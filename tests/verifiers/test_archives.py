"""A zip file has one reading or none: both verifiers refuse every form but the one of exports, for one reason."""

from __future__ import annotations

import json
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from receipts.signing import zip_records
from receipts.signing.errors import VerificationError
from receipts.signing.exported import Trust, verify_export
from tests.unit.signing.issuer import ISSUED_AT, issuer
from tests.verifiers.archives import Odd, archived, deflated, mutated
from tests.verifiers.exports import ALICE, CHAIN, KEYS, manifest, packed, selection
from tests.verifiers.javascript import JavaScriptVerifier
from tests.verifiers.python import python_verdict
from tests.verifiers.questions import Question, Verdict

MALFORMED, TAMPERED, BROKEN, FORK = (1, "malformed"), (2, "tampered"), (2, "broken_chain"), (3, "fork")
TABLE = selection()["receipts.csv"]
WIDE = 0xFFFFFFFF
MEGABYTE = 1024 * 1024


def files() -> dict[str, bytes]:
    return manifest(selection(), receipts=3)


def table(odd: Odd) -> bytes:
    """An export in which one entry is odd."""
    return archived(files(), odd={"receipts.csv": odd})


def wide(*values: int) -> bytes:
    """A ZIP64 extra field."""
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


def bomb() -> bytes:
    """A manifest that is as long as it should be, and 100 MB of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = packer.compress(files()["manifest.json"])
    for _ in range(100):
        raw += packer.compress(bytes(MEGABYTE))
    return archived(files(), odd={"manifest.json": Odd(raw=raw + packer.flush())})


def two_archives() -> bytes:
    """A second list and a second, wide end in the comment of the last entry: some programs read that list."""
    whole = archived(files())
    other = whole[whole.rindex(b"PK\1\2") : -22]
    size, offset = struct.unpack_from("<2I", whole, len(whole) - 10)
    start = offset + size
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(other), start)
    comment = other + record + struct.pack("<4sIQI", b"PK\6\7", 0, start + len(other), 1)
    return archived(files(), odd={"manifest.json": Odd(comment=comment)})


def lines(*wanted: bytes) -> bytes:
    """An export of these receipts, none of which is proven."""
    content = {name: found for name, found in selection().items() if name != "bundle.json"}
    return packed(manifest({**content, "receipts.jsonl": b"".join(wanted)}, receipts=len(wanted)))


def chain() -> list[bytes]:
    return selection()["receipts.jsonl"].splitlines(keepends=True)


def other_story() -> bytes:
    """A receipt at a place that another one has."""
    other = ALICE.receipt(id="rct_x", stream="ses_alice", position=2, previous=CHAIN[0].digest, issued_at=ISSUED_AT)
    assert other.digest != CHAIN[1].digest
    return json.dumps(other.to_dict(), separators=(",", ":"), sort_keys=True).encode() + b"\n"


def padded(name: str, content: bytes) -> bytes:
    found = {**files(), name: content}
    del found["manifest.json"]
    return archived(manifest(found, receipts=3) if name != "manifest.json" else {**found, name: content})


QUESTIONS: dict[str, tuple[Callable[[], bytes], Verdict]] = {
    "as it should be": (lambda: archived(files()), (0, None)),
    "stored": (lambda: table(Odd(method=0)), MALFORMED),
    "stored with something behind": (lambda: table(Odd(method=0, behind=b"HIDDEN")), MALFORMED),
    "stored and cut": (lambda: table(Odd(method=0, size=len(TABLE) + 50)), MALFORMED),
    "something behind the packed content": (lambda: table(Odd(behind=b"HIDDEN")), TAMPERED),
    "one byte behind the packed content": (lambda: table(Odd(behind=b"\0")), TAMPERED),
    "longer than it says": (lambda: table(Odd(raw=deflated(TABLE + b"=cmd\r\n"))), TAMPERED),
    "shorter than it says": (lambda: table(Odd(raw=deflated(TABLE[:-1]))), TAMPERED),
    "cut where it is packed": (lambda: table(Odd(raw=deflated(TABLE)[:-1])), TAMPERED),
    "not packed at all": (lambda: table(Odd(raw=b"\xff" * 20)), TAMPERED),
    "another check sum": (lambda: table(Odd(crc=7)), TAMPERED),
    "far longer than it says": (bomb, TAMPERED),
    "a later version": (lambda: table(Odd(version=99)), MALFORMED),
    "a name with an end inside": (lambda: table(Odd(name=b"receipts.csv\0../x")), MALFORMED),
    "a name that is too long": (lambda: table(Odd(name=b"x" * 256)), MALFORMED),
    "no name": (lambda: archived({**files(), "": b"x"}), MALFORMED),
    "another name in the header": (lambda: table(Odd(header_name=b"receipts.csw")), MALFORMED),
    "a header that is no text": (lambda: table(Odd(header_name=b"\xff\xfe\xfd", header_flags=0x800)), MALFORMED),
    "another flag in the header": (lambda: table(Odd(header_flags=8)), MALFORMED),
    "an extra field in the header": (lambda: table(Odd(header_extra=wide())), MALFORMED),
    "a place behind everything": (lambda: table(Odd(place=WIDE, extra=wide(2**64 - 1))), MALFORMED),
    "a place that no file has": (lambda: table(Odd(place=WIDE, extra=wide(2**63 - 1))), MALFORMED),
    "a packed length that none has": (lambda: table(Odd(listed_packed=WIDE, extra=wide(2**63))), MALFORMED),
    "a wide field that is not needed": (lambda: table(Odd(listed_size=WIDE, extra=wide(len(TABLE)))), MALFORMED),
    "a wide field that is not used": (lambda: table(Odd(extra=wide(len(TABLE)))), MALFORMED),
    "a wide field that is missing": (lambda: table(Odd(listed_size=WIDE)), MALFORMED),
    "an extra field that was cut": (lambda: table(Odd(extra=b"\1\0\xff\xff")), MALFORMED),
    "a comment": (lambda: table(Odd(comment=b"x")), MALFORMED),
    "another disk": (lambda: table(Odd(disk=7)), MALFORMED),
    "an attribute of another system": (lambda: table(Odd(attributes=0x10)), MALFORMED),
    "something between two entries": (lambda: table(Odd(between=b"HIDDEN")), MALFORMED),
    "two archives in one": (two_archives, MALFORMED),
    "a manifest of blanks": (lambda: padded("manifest.json", b" " * 2 * MEGABYTE), MALFORMED),
    "a manifest of values": (lambda: padded("manifest.json", b"[" + b"[]," * 2000 + b"[]]"), MALFORMED),
    "a bundle of blanks": (lambda: padded("bundle.json", b" " * 2 * MEGABYTE), MALFORMED),
    "a bundle of values": (
        lambda: padded("bundle.json", b'{"format":"x","":[' + b"0," * 3000 + b"0]}"), MALFORMED),
    "in another order": (lambda: lines(*reversed(chain())), (0, None)),
    "a receipt twice": (lambda: lines(*chain(), chain()[2]), BROKEN),
    "a proven receipt twice": (
        lambda: packed(manifest(
            {**selection(), "receipts.jsonl": b"".join([*chain(), chain()[0]])}, receipts=4)), BROKEN),
    "two receipts of one place": (lambda: lines(*chain(), other_story()), FORK),
}  # fmt: skip


@pytest.mark.case("RCP-15")
def test_an_archive_of_any_other_form_is_refused_by_both_verifiers_for_one_reason(
    javascript: JavaScriptVerifier, tmp_path: Path
) -> None:
    asked = {name: Question(file=make(), keys=KEYS) for name, (make, _) in QUESTIONS.items()}
    here = {name: python_verdict(question, folder=tmp_path) for name, question in asked.items()}
    assert here == {name: verdict for name, (_, verdict) in QUESTIONS.items()}
    assert dict(zip(asked, javascript.verdicts(asked.values()), strict=True)) == here


def test_what_is_packed_is_unpacked_no_further_than_it_says_that_it_goes(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    archive.write_bytes(bomb())
    tracemalloc.start()
    try:
        with pytest.raises(VerificationError, match="not what was packed"):
            verify_export(archive, trust=Trust(KEYS))
        assert tracemalloc.get_traced_memory()[1] < 4 * MEGABYTE, "of 100 MB that are packed in it"
    finally:
        tracemalloc.stop()


def test_json_takes_memory_in_proportion_to_the_archive(tmp_path: Path) -> None:
    archive = tmp_path / "values.zip"
    archive.write_bytes(padded("manifest.json", b"[" + b"[]," * 20 * MEGABYTE + b"[]]"))
    tracemalloc.start()
    try:
        with pytest.raises(VerificationError, match="longer than an export"):
            verify_export(archive, trust=Trust(KEYS))
        assert tracemalloc.get_traced_memory()[1] < 4 * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("limit", "many"), [(100, 0xFFFF), (2**31 - 1, 3), (100, 3)])
def test_what_is_too_large_for_narrow_records_is_read_as_the_writer_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, many: int
) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", many)
    large = packed(files())
    assert python_verdict(Question(large, KEYS), folder=tmp_path) == MALFORMED, "nothing of it is needed"
    monkeypatch.setattr(zip_records, "LIMIT", limit)
    monkeypatch.setattr(zip_records, "MANY", many)
    monkeypatch.setattr(zip_records, "MAYBE_WIDE", int(limit / 1.06))
    assert python_verdict(Question(large, KEYS), folder=tmp_path) == (0, None)


def agreement(javascript: JavaScriptVerifier, *, folder: Path, seed: int, count: int) -> Counter[Verdict]:
    """The verdicts on archives that were changed at random, about which both verifiers agree."""
    dice = random.Random(seed)
    asked = [Question(mutated(archived(files()), dice), KEYS) for _ in range(count)]
    here = [python_verdict(question, folder=folder) for question in asked]
    there = javascript.verdicts(asked)
    differing = [
        (place, mine, other)
        for place, (mine, other) in enumerate(zip(here, there, strict=True))
        if mine != other and other != (64, None)
    ]
    assert differing == [], f"of the seed {seed}"
    return Counter(here)


@pytest.mark.case("RCP-32")
def test_both_verifiers_answer_alike_about_archives_that_were_changed_at_random(
    javascript: JavaScriptVerifier, tmp_path: Path
) -> None:
    found = agreement(javascript, folder=tmp_path, seed=1, count=300)
    assert {(0, None), MALFORMED, TAMPERED} <= set(found)


@pytest.mark.nightly
@pytest.mark.case("RCP-32")
def test_both_verifiers_answer_alike_about_many_archives_that_were_changed_at_random(
    javascript: JavaScriptVerifier, tmp_path: Path
) -> None:
    for seed in range(2, 52):
        agreement(javascript, folder=tmp_path, seed=seed, count=2_000)


def test_a_receipt_of_another_stream_takes_nobodys_place(tmp_path: Path) -> None:
    bob = issuer("bob")
    keys = json.dumps({"keys": [ALICE.jwk(), bob.jwk()]}).encode()
    others = [json.dumps(found.to_dict(), sort_keys=True).encode() + b"\n" for found in bob.chain(2, stream="ses_bob")]
    assert python_verdict(Question(lines(*chain(), *others), keys), folder=tmp_path) == (0, None)
