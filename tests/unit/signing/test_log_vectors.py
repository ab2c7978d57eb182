"""The published vectors of the log: written without our code, read with it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from receipts.signing.__main__ import main
from receipts.signing.errors import ExitCode
from receipts.signing.merkle import Frontier, is_consistent, root_of_inclusion
from receipts.signing.proofs import ConsistencyProof, InclusionProof, digest_bytes

VECTORS = Path(__file__).parents[2] / "vectors" / "log"
DOCUMENT: dict[str, Any] = json.loads((VECTORS / "log.json").read_text())
CASES: list[dict[str, Any]] = DOCUMENT["cases"]
TREES: dict[str, Any] = DOCUMENT["trees"]
LEAVES = [digest_bytes(item) for item in TREES["leaf_hashes"]]
ROOTS = [digest_bytes(item) for item in TREES["roots"]]
DELIVERED = (
    "RCP-01", "RCP-02", "RCP-03", "RCP-04", "RCP-05", "RCP-06", "RCP-07", "RCP-08", "RCP-09", "RCP-10", "RCP-25",
)  # fmt: skip


def arguments(case: dict[str, Any], *, folder: Path) -> list[str]:
    """The command line that asks for the verdict of one vector."""
    keys, file = folder / "keys.json", folder / "file"
    keys.write_text(json.dumps(DOCUMENT["keys"]))
    file.write_bytes(case["text"].encode() if "text" in case else json.dumps(case["file"]).encode())
    found = ["verify", "--json", "--keys", str(keys), str(file)]
    for number, note in enumerate(case.get("kept", ())):
        kept = folder / f"kept-{number}"
        kept.write_bytes(note.encode())
        found += ["--checkpoint", str(kept)]
    return found


@pytest.mark.case(*DELIVERED)
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_vector_gets_its_verdict(
    case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = main(arguments(case, folder=tmp_path))
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert (exit_code, report.get("reason")) == (case["exit_code"], case["reason"])
    assert (report["verdict"] == "valid") == (exit_code == ExitCode.VALID)
    assert captured.err.startswith(f"INVALID {case['reason']}: ") or not captured.err


def test_the_vectors_are_what_their_generator_writes() -> None:
    assert runpy.run_path(str(VECTORS / "generate.py"))["document"]() == DOCUMENT


def test_the_vectors_cover_every_verdict_of_each_kind() -> None:
    wanted = {ExitCode.VALID, ExitCode.MALFORMED, ExitCode.TAMPERED, ExitCode.UNTRUSTED_KEY, ExitCode.UNSUPPORTED}
    for kind in ("checkpoint", "bundle", "log"):
        assert {case["exit_code"] for case in CASES if case["kind"] == kind} >= wanted
    assert len({case["name"] for case in CASES}) == len(CASES) >= 130


def test_our_trees_are_those_of_the_vectors() -> None:
    frontier = Frontier.empty()
    found = [frontier.root]
    for leaf in LEAVES:
        frontier.append(leaf)
        found.append(frontier.root)
    assert found == ROOTS


def test_the_proofs_of_the_vectors_verify() -> None:
    for document in TREES["inclusion"]:
        proof = InclusionProof.from_dict(document)
        root = root_of_inclusion(
            LEAVES[proof.leaf_index], leaf_index=proof.leaf_index, size=proof.tree_size, hashes=proof.hashes
        )
        assert (root, proof.to_dict()) == (ROOTS[proof.tree_size], document)
    for document in TREES["consistency"]:
        proved = ConsistencyProof.from_dict(document)
        assert proved.to_dict() == document
        assert is_consistent(
            ROOTS[proved.first], first=proved.first, root=ROOTS[proved.size], size=proved.size, hashes=proved.hashes
        )
