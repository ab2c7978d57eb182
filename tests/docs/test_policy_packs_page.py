"""docs/policy-packs.md shows every rule of every pack as the file has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from decisions.engine.document import PolicyDocument, Rule
from decisions.engine.parser import parse_policy
from tests.docs.reading import ROOT

PAGE = ROOT / "docs" / "policy-packs.md"
PACKS = sorted((ROOT / "decisions" / "policies" / "packs").glob("*.yaml"))


def section_of(pack: Path) -> str:
    """The heading, the description and the table of one pack, as they have to stand on the page."""
    document = parse_policy(pack.read_text(encoding="utf-8"), source=pack.name)
    rows = [_row(rule) for rule in sorted(document.rules, key=lambda rule: (-rule.priority, rule.id))]
    head = f"## {pack.stem}\n\n{document.description}\n{_facts(document)}\n"
    return "\n".join([head, "| Rule | Says | Priority | Why |", "|---|---|---|---|", *rows]) + "\n"


def _facts(document: PolicyDocument) -> str:
    return f"Otherwise: {document.default.decision}. {len(document.rules)} rules, {len(document.cases)} cases."


def _row(rule: Rule) -> str:
    if rule.consequence is None:
        return f"| `{rule.id}` | labels the session {', '.join(sorted(rule.labels))} | | |"
    people = ", ".join(f"{stage.group} ({stage.count})" for stage in rule.consequence.stages)
    says = f"{rule.consequence.decision}{f': {people}' if people else ''}"
    kind = ", forbidden" if rule.consequence.classification == "forbidden" else ""
    return f"| `{rule.id}` | {says}{kind} | {rule.priority} | {rule.consequence.reason} |"


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.stem)
def test_the_page_shows_the_pack_as_it_is(pack: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    expected = section_of(pack)
    assert expected in page, f"Put this into docs/policy-packs.md:\n\n{expected}"


def test_the_page_shows_no_pack_that_is_not_there() -> None:
    headings = [line[3:] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("## ")]
    assert sorted(headings) == sorted(pack.stem for pack in PACKS)
