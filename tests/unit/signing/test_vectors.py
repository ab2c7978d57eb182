"""The published vectors: written without our code, read with it."""

from __future__ import annotations

import json
import runpy
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from receipts.signing.__main__ import main
from receipts.signing.envelope import Envelope, sign_payload
from receipts.signing.errors import ExitCode
from receipts.signing.keys import SigningKey
from receipts.signing.statement import ReceiptType, build_statement

VECTORS = Path(__file__).parents[2] / "vectors" / "receipts"
DOCUMENT: dict[str, Any] = json.loads((VECTORS / "receipts.json").read_text())
CASES: list[dict[str, Any]] = DOCUMENT["cases"]
# The offline, hash-chain part of RCP-01 to RCP-08; signed checkpoints come with the Merkle log.
DELIVERED = ("RCP-01", "RCP-08", "RCP-10", "RCP-15", "RCP-16", "RCP-17", "RCP-18")


def arguments(case: dict[str, Any], *, folder: Path) -> list[str]:
    """The command line that asks for the verdict of one vector."""
    keys, receipts = folder / "keys.json", folder / "receipts.json"
    keys.write_text(json.dumps(DOCUMENT["keys"]))
    receipts.write_text(case["text"] if "text" in case else json.dumps(case["file"]))
    found = ["verify", "--json", "--keys", str(keys), str(receipts)]
    if "disclosure" in case:
        disclosure = folder / "disclosure.json"
        disclosure.write_text(json.dumps(case["disclosure"]))
        found += ["--disclosure", str(disclosure)]
    found += ["--expect-head", case["expect_head"]] if "expect_head" in case else []
    return found + (["--each"] if case.get("each") else [])


@pytest.mark.case(*DELIVERED)
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_vector_gets_its_verdict(
    case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = main(arguments(case, folder=tmp_path))
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert (exit_code, report.get("reason")) == (case["exit_code"], case["reason"])
    assert report["exit_code"] == exit_code
    assert (report["verdict"] == "invalid") == (exit_code not in {ExitCode.VALID, ExitCode.VALID_WITH_ERASURES})
    assert captured.err.startswith(f"INVALID {case['reason']}: ") or not captured.err


def test_the_vectors_are_what_their_generator_writes() -> None:
    assert runpy.run_path(str(VECTORS / "generate.py"))["document"]() == DOCUMENT


def test_the_vectors_cover_every_verdict() -> None:
    assert {case["exit_code"] for case in CASES} == set(ExitCode) - {ExitCode.USAGE}
    assert len({case["name"] for case in CASES}) == len(CASES) >= 25


def test_our_issuer_gives_the_same_bytes_as_the_vectors_generator() -> None:
    key = SigningKey.from_seed(sha256(b"alice").digest())
    payload = build_statement(
        id="rct_first",
        type=ReceiptType.DECISION,
        stream="ses_alice",
        position=1,
        previous=None,
        issued_at=datetime(2026, 11, 3, 9, tzinfo=UTC),
        key_id=key.key_id,
        algorithm=key.algorithm,
        deployment="vectors.example",
        body={"action": {"tool": "email", "operation": "send"}, "decision": {"result": "STEP_UP"}},
    )
    assert sign_payload(payload, signer=key) == Envelope.from_dict(CASES[0]["file"])
