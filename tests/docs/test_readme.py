"""The first page: its pictures, its commands, and an honest word on every requirement."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.reading import ROOT, page

README = page("README.md")
REQUIREMENTS = (
    "Block before execution", "Parameter validation", "Context accumulation", "Intent consistency", "Five decisions",
    "Human approval", "Deferral", "Signed receipts", "Identity binding", "Least privilege", "Telemetry",
    "Semantic distance", "Effect capture",
)  # fmt: skip
STANDINGS = {"works", "partly", "not yet"}
LARGEST_PICTURE = 250_000
PNG = b"\x89PNG\r\n\x1a\n"
FIRST_SCREEN = 20
ROWS_OF_CONFORMANCE = 21


def test_every_requirement_has_a_standing_and_one_sentence() -> None:
    rows = README.table("Requirement")
    assert tuple(row[0] for row in rows) == REQUIREMENTS
    assert {row[1] for row in rows} <= STANDINGS
    assert [row[0] for row in rows if not row[2].endswith(".") or ". " in row[2]] == []


def test_the_first_screen_has_the_commands_and_a_picture() -> None:
    top = "\n".join(README.text.splitlines()[:FIRST_SCREEN])
    assert all(text in top for text in ("./run ", "./run demo", "](docs/img/"))


@pytest.mark.parametrize("path", sorted((ROOT / "docs/img").iterdir()), ids=lambda path: path.name)
def test_a_picture_is_used_and_small(path: Path) -> None:
    assert path.read_bytes().startswith(PNG)
    assert path.stat().st_size < LARGEST_PICTURE
    assert path.relative_to(ROOT).as_posix() in README.links


def test_the_page_of_conformance_has_every_published_row() -> None:
    rows = page("docs/conformance.md").table("#")
    assert [row[0] for row in rows] == [str(number) for number in range(1, ROWS_OF_CONFORMANCE + 1)]
    unproven = [row[0] for row in rows if row[3] == "–"]
    assert [row[0] for row in rows if row[2].startswith("shown") and row[3] == "–"] == []
    assert all(row[2].startswith(("not yet", "in part")) for row in rows if row[0] in unproven)
