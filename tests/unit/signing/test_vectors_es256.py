"""The published vectors of ES256 and of revoked keys: written without our code, read with it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from receipts.signing.__main__ import main

VECTORS = Path(__file__).parents[2] / "vectors" / "receipts"
DOCUMENT: dict[str, Any] = json.loads((VECTORS / "es256.json").read_text())
CASES: list[dict[str, Any]] = DOCUMENT["cases"]


def verdict(case: dict[str, Any], *, folder: Path) -> int:
    """The exit code of the offline verifier, which may leave with it."""
    keys, file = folder / "keys.json", folder / "receipts.json"
    keys.write_text(json.dumps(case.get("keys", DOCUMENT["keys"])))
    file.write_text(json.dumps(case["file"]))
    return main(["verify", "--json", "--keys", str(keys), str(file)])


@pytest.mark.case("RCP-16", "RCP-17", "RCP-21", "RCP-22")
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_vector_gets_its_verdict(
    case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict(case, folder=tmp_path) == case["exit_code"]
    said = capsys.readouterr()
    assert ("KEYS: " in said.err) == (case["exit_code"] == 64)
    assert (json.loads(said.out).get("reason") if said.out else None) == case["reason"]


def test_the_vectors_are_what_their_generator_writes() -> None:
    assert runpy.run_path(str(VECTORS / "generate_es256.py"))["document"]() == DOCUMENT
    assert len({case["name"] for case in CASES}) == len(CASES) >= 45
