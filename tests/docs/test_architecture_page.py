"""The picture of the architecture is the code's."""

from __future__ import annotations

import re

import pytest

from approvals.lifecycle.transitions import as_markdown_table
from decisions.engine.operators import OPERATORS
from receipts.signing.statement import ReceiptType
from tests.architecture.source import modules
from tests.architecture.test_imports import LAYERS
from tests.docs.reading import ROOT, page

ARCHITECTURE = page("docs/architecture.md")


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/approvals.md"])
def test_the_table_of_states_is_printed_from_the_code(name: str) -> None:
    assert f"<!-- states -->\n{as_markdown_table()}<!-- end of states -->" in page(name).text


def test_the_table_of_layers_is_the_one_that_is_enforced() -> None:
    rows = {int(layer): set(re.findall(r"`(\w+)`", names)) for layer, names in ARCHITECTURE.table("Layer")}
    assert rows == LAYERS


def test_the_tree_shows_what_is_there() -> None:
    section = ARCHITECTURE.text.partition("## The tree")[2].partition("```\n")[2].partition("```")[0]
    named = [line.split("   ")[0] for line in section.splitlines() if line]
    paths = [path.strip() for entry in named for path in entry.split(",")]
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_receipts_that_are_said_to_be_issued_are() -> None:
    text = page("docs/receipt-format.md").text
    reserved = {ReceiptType.SESSION_OPENED}
    said = " ".join(text.partition("Issued so far are")[2].partition("reserved.")[0].split())
    assert said.startswith(
        "the first seven, `session_ended`, `policy_published`, `administration` (somebody proposed a policy, or"
        " changed people, groups,"
    )
    assert said.endswith("`recovery`, `export` and `disclosure`; the others are")
    sources = "".join(module.text for module in modules() if ".services." in module.name)
    issued = [item for item in ReceiptType if f"ReceiptType.{item.name}" in sources]
    assert issued == [item for item in ReceiptType if item not in reserved]


def test_the_table_that_contributors_are_sent_to_exists() -> None:
    assert "`OPERATORS`" in page("CONTRIBUTING.md").text
    assert "external" in OPERATORS
