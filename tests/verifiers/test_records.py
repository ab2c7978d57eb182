"""The entries of sessions in an export are what receipts name, and all of them: both verifiers look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.verifiers.exports import KEYS, Files, digest_of, lines_of, log, manifest, naming, packed, record
from tests.verifiers.javascript import JavaScriptVerifier
from tests.verifiers.python import python_verdict
from tests.verifiers.questions import Question, Verdict

VALID, MALFORMED, TAMPERED = (0, None), (1, "malformed"), (2, "tampered")
FILE = "contexts/ses_1.jsonl"
LINES = record(3)


def named(position: Any, *, head: Any = None, session: Any = "ses_1") -> dict[str, Any]:
    """What a receipt says of its session."""
    is_place = isinstance(position, int) and 0 < position <= len(LINES)
    return {"session": session, "position": position, "head": head or digest_of(LINES[position - 1 if is_place else 2])}


ALL = (named(1), named(3), named(2))


def export(lines: Sequence[bytes] = LINES, *contexts: Any, name: str = FILE) -> bytes:
    files: Files = {**lines_of(naming(*(contexts or ALL))), name: b"".join(lines)}
    return packed(manifest(files, receipts=len(contexts or ALL)))


def logged(*contexts: Any) -> bytes:
    return packed(manifest({**log(naming(*contexts)), FILE: b"".join(LINES)}, receipts=len(contexts)))


def said(line: int, **members: Any) -> list[bytes]:
    """The record with a last line that says something else, which its receipt names."""
    return [*LINES[: line - 1], json.dumps({**json.loads(LINES[line - 1]), **members}).encode() + b"\n"]


def told(line: int, **members: Any) -> bytes:
    """The same with the receipt."""
    lines = said(line, **members)
    return export(lines, named(line, head=digest_of(lines[-1])))


def raw(line: bytes) -> bytes:
    """The record with a last line of these bytes, which its receipt names."""
    return export([*LINES[:2], line], named(3, head=digest_of(line)))


QUESTIONS: dict[str, tuple[bytes, Verdict]] = {
    "what receipts name": (export(), VALID),
    "in a log": (logged(*ALL), VALID),
    "no record at all": (packed(manifest(lines_of(naming(*ALL)), receipts=3)), VALID),
    "another session's": (export(LINES, *ALL, named(9, session="ses_2")), VALID),
    "an empty record of nobody": (export([], {"session": "ses_2"}), VALID),
    "a file in a folder of its own": (export([b"anything"], name="contexts/more/ses_1.jsonl"), VALID),
    "what is said otherwise and means the same": (told(3, position=3.0), VALID),
    "contexts that are none": (
        export(LINES, *ALL, [], "ses_1", None, {"session": ["ses_1"], "head": ALL[0]["head"]}),
        VALID,
    ),
    "an entry altered": (export([LINES[0], LINES[1].replace(b"action", b"result"), LINES[2]]), TAMPERED),
    "all of them made anew": (export(record(3, kind="result")), TAMPERED),
    "in a log, another head": (logged(named(3), named(2, head=digest_of(LINES[0]))), TAMPERED),
    "an entry left out": (export([LINES[0], LINES[2]]), TAMPERED),
    "the end cut off": (export(LINES[:2]), TAMPERED),
    "entries that no receipt names": (export(LINES, named(2)), TAMPERED),
    "a record of nobody": (export(LINES, {"session": "ses_2"}), TAMPERED),
    "a head that is no digest": (export(LINES, named(3, head="none")), TAMPERED),
    "another session in the entry": (told(3, session="ses_2"), TAMPERED),
    "a position that is a text": (told(3, position="3"), TAMPERED),
    "a position that is true": (told(1, position=True), TAMPERED),
    "a first entry that follows one": (told(1, previous=digest_of(LINES[2])), TAMPERED),
    "an entry that is a list": (raw(b"[]\n"), TAMPERED),
    "an entry that is no JSON": (raw(b"{\n"), MALFORMED),
    "an empty line": (raw(b"\n"), MALFORMED),
    "an entry of more values than bytes allow": (raw(b"[" + b"0," * 1200 + b"0]\n"), MALFORMED),
    "a last entry without an end": (export([*LINES[:2], LINES[2][:-1]]), MALFORMED),
    **{
        f"a receipt that names entry {position!r}": (export(LINES, *ALL, named(position)), TAMPERED)
        for position in (0, -1, 4, 2**53 - 1, "3", True, None, 2.5)
    },
}


@pytest.mark.case("RCP-15")
def test_both_verifiers_hold_records_against_receipts(javascript: JavaScriptVerifier, tmp_path: Path) -> None:
    asked = {name: Question(file=file, keys=KEYS) for name, (file, _) in QUESTIONS.items()}
    here = {name: python_verdict(question, folder=tmp_path) for name, question in asked.items()}
    assert here == {name: verdict for name, (_, verdict) in QUESTIONS.items()}
    assert dict(zip(asked, javascript.verdicts(asked.values()), strict=True)) == here
