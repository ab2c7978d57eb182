"""Cosignatures: whose lines count, for which checkpoint, and which of two faults does."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator

from tests.verifiers.holders import VERA, WALTER, Witness, message_of
from tests.verifiers.publishing.case import ALICE, CHARLIE, Case, Json, case, receipt

ORIGIN, TIME = "vectors.example/receipts", 1_793_697_300
FIRST = receipt()


def leaf_of(envelope: Json) -> bytes:
    digest = hashlib.sha256(message_of(base64.b64decode(envelope["payload"]))).digest()
    return hashlib.sha256(b"\x00" + digest).digest()


TEXT = f"{ORIGIN}\n1\n{base64.b64encode(leaf_of(FIRST)).decode()}\ntime 2026-11-03T09:15:00.000000Z\n"
NOTE = f"{TEXT}\n{ALICE.note_line(TEXT.encode(), name=ORIGIN)}"


def line_of(witness: Witness, *, text: str = TEXT, time: int = TIME, **changes: Json) -> str:
    return witness.cosignature(text, time=time, **changes)


def shortened(line: str, *, by: int) -> str:
    start, _, coded = line.rstrip("\n").rpartition(" ")
    return f"{start} {base64.b64encode(base64.b64decode(coded)[:-by]).decode()}\n"


def line_cases() -> Iterator[Case]:
    walter, vera = line_of(WALTER), line_of(VERA)
    good = [
        ("by the witness", walter, [WALTER]),
        ("by both witnesses", walter + vera, [VERA, WALTER]),
        ("by a witness that nobody asked for", walter, []),
        ("by a witness, among the lines of others", f"— somebody.example AAAAAAAA\n{vera}{walter}", [WALTER]),
        ("at the first second there is", line_of(WALTER, time=0), [WALTER]),
        ("at the last second there is", line_of(WALTER, time=2**63 - 1), [WALTER]),
        ("by one witness, asked for twice", walter, [WALTER, WALTER]),
        ("by the witness, and again with other bytes", walter + line_of(WALTER, text="x\n"), [WALTER]),
    ]
    for name, lines, witnesses in good:
        yield cosigned(name, None, lines, witnesses)
    absent = [
        ("by nobody", "", [WALTER]),
        ("by one of two witnesses", walter, [WALTER, VERA]),
        ("under another name", line_of(WALTER, name="other.example"), [WALTER]),
        ("under another key's hash", line_of(WALTER, key_hash=b"\0\0\0\0"), [WALTER]),
        ("by another witness", vera, [WALTER]),
        ("with a signature of the kind that logs make", WALTER.note_line(TEXT.encode(), name=WALTER.name), [WALTER]),
    ]
    for name, lines, witnesses in absent:
        yield cosigned(name, "untrusted_key", lines, witnesses)
    bad = [
        ("of another checkpoint", line_of(WALTER, text=TEXT.replace("\n1\n", "\n2\n"))),
        ("of another second", line_of(WALTER, stated=TIME + 1)),
        ("without its first line", line_of(WALTER, head="")),
        ("one byte too short", shortened(walter, by=1)),
        ("a time alone", shortened(walter, by=64)),
        ("not even a time", shortened(walter, by=66)),
        ("with other bytes first", line_of(WALTER, text="x\n") + walter),
        ("too short, and of a second that can't be", shortened(line_of(WALTER, time=2**63), by=1)),
    ]
    for name, lines in bad:
        yield cosigned(name, "bad_signature", lines, [WALTER])
    yield cosigned("of a second that can't be", "malformed", line_of(WALTER, time=2**63), [WALTER])
    yield cosigned("of a second that can't be, that nobody asked for", None, line_of(WALTER, time=2**63), [VERA], vera)


def cosigned(name: str, verdict: str | None, lines: str, witnesses: list[Witness], more: str = "") -> Case:
    keys = [witness.vkey for witness in witnesses]
    return case(f"cosignature {name}", verdict, NOTE + lines + more, witnesses=keys)


def key_cases() -> Iterator[Case]:
    file, walter = NOTE + line_of(WALTER), WALTER.vkey
    small = b"\x04" + (1).to_bytes(32, "little")
    hashed = hashlib.sha256(WALTER.name.encode() + b"\n" + small).digest()[:4].hex()
    for name, vkey in (
        ("nothing", ""),
        ("without a hash", walter.replace("+", " ", 1)),
        ("under another hash", walter.replace(WALTER.key_hash.hex(), "00000000")),
        ("under a hash in capitals", walter.replace(WALTER.key_hash.hex(), WALTER.key_hash.hex().upper())),
        ("under another name", walter.replace(WALTER.name, "other.example")),
        ("with a space in its name", walter.replace(WALTER.name, "a b")),
        ("with spare bits in base64", walter[:-2] + ("J" if walter[-2] != "J" else "K") + "="),
        ("of a log", WALTER.vkey_of_kind(b"\x01")),
        ("that is too short", f"{WALTER.name}+{WALTER.key_hash.hex()}+BAAA"),
        ("of small order", f"{WALTER.name}+{hashed}+{base64.b64encode(small).decode()}"),
    ):
        yield case(f"witness key {name}", "usage", file, witnesses=[vkey])
    yield case("witness of a receipt", "usage", FIRST, witnesses=[walter])
    yield case("witness key that can't be used before a malformed file", "usage", "x" + file, witnesses=["x"])


def file_cases() -> Iterator[Case]:
    note = NOTE + line_of(WALTER)
    inclusion = {"leaf_index": 0, "tree_size": 1, "hashes": []}
    forged = ALICE.note_line(b"else", name=ORIGIN)
    for name, verdict, checkpoint, envelope in (
        ("whose checkpoint is cosigned", None, note, FIRST),
        ("whose checkpoint is not cosigned", "untrusted_key", NOTE, FIRST),
        ("whose checkpoint is cosigned wrongly", "bad_signature", NOTE + line_of(WALTER, text="x\n"), FIRST),
        ("not cosigned, with a receipt by nobody", "untrusted_key", NOTE, receipt(holder=CHARLIE)),
        ("not cosigned, and with a bad signature of its own", "bad_signature", f"{TEXT}\n{forged}", FIRST),
    ):
        proved = [{"envelope": envelope, "inclusion": inclusion}]
        bundle = {"format": "aarm-bundle/1", "checkpoint": checkpoint, "receipts": proved}
        yield case(f"bundle {name}", verdict, bundle, witnesses=[WALTER.vkey])
        head = {"format": "aarm-log/1", "checkpoint": checkpoint, "start": 0, "before": []}
        lines = json.dumps(head) + "\n" + json.dumps(envelope) + "\n"
        yield case(f"log {name}", verdict, lines, witnesses=[WALTER.vkey])
    kept = {"kept": [NOTE], "witnesses": [WALTER.vkey]}
    yield case("kept checkpoint that is not cosigned", None, note, **kept)


def witness_cases() -> Iterator[Case]:
    yield from line_cases()
    yield from key_cases()
    yield from file_cases()
