"""docs/data-classification.md has what the detectors measured, to the last digit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from decisions.engine.cases import run_cases
from decisions.engine.classify import findings, kinds_of
from decisions.engine.detectors.table import DETECTORS, KINDS
from decisions.engine.examples import read_cases
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.source import Findings, read_source
from tests.docs.reading import ROOT, page
from tests.unit.engine.labelled import LABELLED

PAGE = ROOT / "docs" / "data-classification.md"


def measured() -> str:
    """Both tables, as they have to stand on the page."""
    found = [(example, findings(example.text)) for example in LABELLED]
    lines = ["| Kind | Examples with it | without | Precision | Recall |", "|---|---|---|---|---|"]
    for kind in KINDS:
        lines.append(_of_kind(kind, [(kind in each.kinds, kind in kinds_of(names)) for each, names in found]))
    lines += ["", "| Detector | Kinds | Made to hold it | Recall |", "|---|---|---|---|"]
    for name in _names():
        lines.append(_of_detector(name, [name in names for each, names in found if each.about == name]))
    return "\n".join(lines)


def _of_kind(kind: str, pairs: Iterable[tuple[bool, bool]]) -> str:
    count = Counter(pairs)
    right, missed, wrong = count[True, True], count[True, False], count[False, True]
    precision, recall = right / (right + wrong), right / (right + missed)
    return f"| {kind} | {right + missed} | {count[False, False] + wrong} | {precision:.3f} | {recall:.3f} |"


def _names() -> Iterator[str]:
    about = {example.about for example in LABELLED}
    return (name for name in dict.fromkeys(each.name for each in DETECTORS) if name in about)


def _of_detector(name: str, hits: list[bool]) -> str:
    kinds = next(each.kinds for each in DETECTORS if each.name == name)
    return f"| `{name}` | {', '.join(sorted(kinds))} | {len(hits)} | {sum(hits) / len(hits):.2f} |"


def test_the_page_has_what_is_measured() -> None:
    expected = measured()
    assert expected in PAGE.read_text(encoding="utf-8"), f"Put this into docs/data-classification.md:\n\n{expected}"


def test_the_cases_on_the_page_come_out_as_it_says() -> None:
    policy, cases = (block.text for block in page("docs/data-classification.md").blocks("yaml"))
    tree = read_source(cases, findings=Findings())
    assert tree is not None
    results = run_cases(
        read_cases(tree, findings=Findings()), policy=compile_policy(parse_policy(policy, source=PAGE.name))
    )
    assert [(each.has_passed, each.differences) for each in results] == [(True, ())] * 3


def test_the_page_names_every_detector() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [each.name for each in DETECTORS if f"`{each.name}`" not in page] == []
