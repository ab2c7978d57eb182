"""docs/data-classification.md has what the detectors measured, to the last digit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from decisions.engine.classify import findings, kinds_of
from decisions.engine.detectors.table import DETECTORS, KINDS
from tests.docs.reading import ROOT
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


def test_the_page_names_every_detector() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [each.name for each in DETECTORS if f"`{each.name}`" not in page] == []
