"""Writes `exports.json`: archives as an auditor takes them away, with the verdict that every verifier must give.

    python tests/vectors/exports/generate.py > tests/vectors/exports/exports.json

It shares no code with `receipts.signing`; receipts, proofs and checkpoints are those of
`tests/vectors/log/generate.py`.
Content is deflated in stored blocks, so that the bytes don't depend on anybody's compressor.
"""

from __future__ import annotations

import base64
import hashlib
import json
import runpy
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Json = Any
Files = Mapping[str, bytes]
LOGS = runpy.run_path(str(Path(__file__).parents[1] / "log" / "generate.py"))
LOG, LEAVES, FORGED, KEYS = LOGS["LOG"], LOGS["LEAVES"], LOGS["FORGED"], LOGS["KEYS"]
CHARLIE = LOGS["CHARLIE"]
POLICY = b'{"id":"demo"}'
# What the bundle of the ordinary selection proves, and the receipt that has no proof.
PROVEN, BARE = (0, 2, 4), 5
BLOCK = 65_535


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def line(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode() + b"\n"


# Zip files.


def deflated(content: bytes) -> bytes:
    """RFC 1951 section 3.2.4: stored blocks, the last one marked."""
    pieces = [content[at : at + BLOCK] for at in range(0, len(content), BLOCK)] or [b""]
    last = len(pieces) - 1
    heads = [struct.pack("<BHH", at == last, len(piece), len(piece) ^ 0xFFFF) for at, piece in enumerate(pieces)]
    return b"".join(head + piece for head, piece in zip(heads, pieces, strict=True))


def archive(files: Files, *, method: int = 8) -> bytes:
    """In the one form: entries in order, their list, the end."""
    entries, listed = b"", b""
    for name, content in files.items():
        packed = deflated(content) if method else content
        common = struct.pack(
            "<3H2HI2I2H", 20, 0, method, 0, 0x21, zlib.crc32(content), len(packed), len(content), len(name), 0
        )
        place = len(entries)
        entries += b"PK\3\4" + common + name.encode() + packed
        listed += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<3H2I", 0, 0, 0, 0, place) + name.encode()
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(files), len(files), len(listed), len(entries), 0)
    return entries + listed + end


def export(files: Files, /, *, receipts: Json, **changes: Json) -> bytes:
    """The archive of these with a manifest that fits."""
    return archive({**files, **manifest(files, receipts=receipts, **changes)})


def manifest(files: Files, /, *, receipts: Json, **changes: Json) -> dict[str, bytes]:
    digests = {name: digest(content) for name, content in files.items()}
    return {"manifest.json": line({"format": "aarm-export/1", "receipts": receipts, "files": digests, **changes})}


# What is in them.


def lines(*indexes: int, of: Sequence[Json] = LOG) -> bytes:
    return b"".join(line(of[index]) for index in indexes)


def selection(**instead: bytes) -> dict[str, bytes]:
    """Four receipts of which three are proven, and what else an export has."""
    bundle = LOGS["bundle"](*PROVEN, earlier=LOGS["earlier"]())
    files = {
        "README.txt": b"For people.\n",
        "bundle.json": line(bundle),
        "checkpoints.jsonl": line({"note": bundle["checkpoint"]}),
        f"policies/{hashlib.sha256(POLICY).hexdigest()}.json": POLICY,
        "receipts.jsonl": lines(*PROVEN, BARE),
    }
    return {**files, **{name.replace("__", "."): content for name, content in instead.items()}}


def without(name: str) -> dict[str, bytes]:
    return {of: content for of, content in selection().items() if of != name}


def whole(envelopes: Sequence[Json] = LOG, **head: Json) -> dict[str, bytes]:
    return {"log.jsonl": LOGS["log_file"](envelopes, **head).encode()}


# Cases.

Case = dict[str, Json]


def case(name: str, exit_code: int, reason: str | None, file: bytes, **options: Json) -> Case:
    content = base64.b64encode(file).decode()
    return {"name": name, "exit_code": exit_code, "reason": reason, "base64": content, **options}


def good() -> Iterator[Case]:
    kept = LOGS["note"](LOG)
    older = LOGS["note"](LOG[: LOGS["EARLIER"]])
    yield case("selection", 0, None, export(selection(), receipts=4))
    yield case("selection of which nothing is proven", 0, None, export(without("bundle.json"), receipts=4))
    yield case("selection, with what was kept", 0, None, export(selection(), receipts=4), kept=[kept, older])
    yield case("selection, manifest with more for people", 0, None, export(selection(), receipts=4, question="tool:x"))
    yield case("selection, number of receipts spelled 4.0", 0, None, export(selection(), receipts=4.0))
    yield case("log", 0, None, export(whole(), receipts=LOGS["SIZE"]))
    yield case("log, with what was kept", 0, None, export(whole(), receipts=LOGS["SIZE"]), kept=[kept, older])
    disordered = selection(receipts__jsonl=lines(BARE, 4, 0, 2))
    yield case("selection, lines in another order", 0, None, export(disordered, receipts=4))
    stamped = {**selection(), "timestamps/7.note": kept.encode(), "timestamps/7.1.tsr": b"for who asks for it"}
    yield case("selection with a time stamp that nobody asked for", 0, None, export(stamped, receipts=4))


def altered() -> Iterator[Case]:
    forged_note = LOGS["note"](FORGED)
    by_charlie = LOGS["note"](LOG, keys=(CHARLIE,))
    other = json.loads(selection()["bundle.json"])
    yield case(
        "selection against another history", 3, "split_view", export(selection(), receipts=4), kept=[forged_note]
    )
    yield case("log against another history", 3, "split_view", export(whole(), receipts=7), kept=[forged_note])
    wrong = {**other, "earlier": LOGS["earlier"](envelopes=FORGED)}
    yield case(
        "selection, an earlier checkpoint of another history",
        2,
        "inconsistent_log",
        export(selection(bundle__json=line(wrong)), receipts=4),
    )
    yield case(
        "selection, checkpoint by nobody's key",
        4,
        "untrusted_key",
        export(selection(bundle__json=line({**other, "checkpoint": by_charlie})), receipts=4),
    )
    swapped = [{**LOG[BARE], "signatures": LOG[4]["signatures"]}]
    key_kept = lines(*PROVEN) + lines(0, of=swapped)
    yield case(
        "selection, an unproven line under another signature",
        2,
        "bad_signature",
        export(selection(receipts__jsonl=key_kept), receipts=4),
    )
    yield case(
        "selection, a proven receipt left out",
        2,
        "log_mismatch",
        export(selection(receipts__jsonl=lines(0, 2, BARE)), receipts=3),
    )
    yield case(
        "selection, a receipt twice",
        2,
        "broken_chain",
        export(selection(receipts__jsonl=lines(*PROVEN, BARE, BARE)), receipts=5),
    )
    yield case("selection, another number", 2, "tampered", export(selection(), receipts=5))
    yield case(
        "log that was cut off",
        2,
        "log_mismatch",
        export({"log.jsonl": whole()["log.jsonl"].rsplit(b"\n", 2)[0] + b"\n"}, receipts=6),
    )
    files = {**selection(), **manifest(selection(), receipts=4)}
    yield case("a file altered after its manifest", 2, "tampered", archive({**files, "README.txt": b"Other.\n"}))
    yield case("a file that the manifest doesn't name", 2, "tampered", archive({**files, "x.txt": b"x"}))
    yield case(
        "a file that is not there", 2, "tampered", export(selection(), receipts=4, files={"gone.txt": digest(b"")})
    )
    renamed = {**selection(), f"policies/{'0' * 64}.json": POLICY}
    yield case("a policy under another hash", 2, "tampered", export(renamed, receipts=4))
    good_bytes = export(selection(), receipts=4)
    at = good_bytes.index(b"For people.")
    yield case("content with another check sum", 2, "tampered", good_bytes[:at] + b"f" + good_bytes[at + 1 :])


def malformed() -> Iterator[Case]:
    good_bytes = export(selection(), receipts=4)
    files = {**selection(), **manifest(selection(), receipts=4)}
    cases = {
        "no manifest": archive(selection()),
        "no receipts at all": export(without("receipts.jsonl"), receipts=4),
        "both kinds of receipts": export({**selection(), **whole()}, receipts=4),
        "no line": export(selection(receipts__jsonl=b""), receipts=0),
        "a last line without its end": export(selection(receipts__jsonl=lines(*PROVEN, BARE)[:-1]), receipts=4),
        "an empty line": export(selection(receipts__jsonl=b"\n" + lines(*PROVEN, BARE)), receipts=4),
        "number of receipts as a text": export(selection(), receipts="4"),
        "a digest that is none": export(selection(), receipts=4, files={"README.txt": "sha256:0"}),
        "a member of the manifest twice": archive(
            {**files, "manifest.json": files["manifest.json"].replace(b"{", b'{"receipts":4,', 1)}
        ),
        "stored instead of deflated": archive(files, method=0),
        "bytes behind the end": good_bytes + b"\n",
        "bytes before the beginning": b"PK\3\4" + good_bytes,
        "cut off": good_bytes[:-1],
        "a name that climbs": export({**selection(), "../x": b"x"}, receipts=4),
        "a name from the root": export({**selection(), "/x": b"x"}, receipts=4),
        "a hidden name": export({**selection(), "policies/.x": b"x"}, receipts=4),
        "a comment at the end": good_bytes[:-2] + b"\x01\x00x",
        "a member of the bundle missing": export(selection(bundle__json=b'{"format":"aarm-bundle/1"}\n'), receipts=4),
    }
    for name, file in cases.items():
        yield case(name, 1, "malformed", file)


def others() -> Iterator[Case]:
    yield case("another format", 5, "unsupported", export(selection(), receipts=4, format="aarm-export/2"))
    unknown = {**json.loads(selection()["bundle.json"]), "critical": True}
    yield case(
        "an unknown member of the bundle",
        5,
        "unsupported",
        export(selection(bundle__json=line(unknown)), receipts=4),
    )
    bare = export(without("bundle.json"), receipts=4)
    yield case("what was kept, and nothing to compare it with", 64, None, bare, kept=[LOGS["note"](LOG)])
    yield case("a head", 64, None, export(selection(), receipts=4), expect_head="1:sha256:" + "0" * 64)


def document() -> Json:
    """The whole file, as it is written."""
    about = "Exports, and the verdicts that every verifier must give; docs/receipt-format.md describes both."
    return {
        "about": about,
        "keys": KEYS,
        "cases": [item for make in (good, altered, malformed, others) for item in make()],
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")
