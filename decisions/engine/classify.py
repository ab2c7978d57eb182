"""Which kinds of data occur in a text or JSON value: `PII` (personal), `PHI` (health), `PCI` (cards), `SECRET`.

This finds what has a checksum, a numbering plan, an unmistakable form, or words that give it away, and nothing else: no
names, no addresses. What it measured on labelled examples stands in `docs/data-classification.md`. A value without a
finding is not thereby harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from unicodedata import normalize

from decisions.engine.detectors.table import DETECTORS, detectors_for
from receipts.signing.canonical import JSON

_KINDS = {detector.name: detector.kinds for detector in DETECTORS}
# Dashes that people and programs put between groups of digits.
_DASHES = dict.fromkeys(range(0x2010, 0x2016), "-") | {0x2212: "-"}


def findings(value: JSON) -> frozenset[str]:
    """The names of the detectors that find something in `value`, a text or any JSON value.

    Total; time is linear in its size.
    """
    encoded = plain_text("\n".join(_lines(value))).encode("utf-8", "replace")
    return frozenset(each.name for each in detectors_for(encoded) if each.occurs(encoded))


def plain_text(text: str) -> str:
    """`text` as detectors read it: full-width letters and digits, and typographic dashes, are plain ones."""
    return text if text.isascii() else normalize("NFKC", text).translate(_DASHES)


def kinds_of(names: Iterable[str]) -> frozenset[str]:
    """The kinds of data that these detectors find."""
    return frozenset[str]().union(*(_KINDS[name] for name in names))


def detect_kinds(value: JSON) -> frozenset[str]:
    """The kinds of data that `value` is found to hold."""
    return kinds_of(findings(value))


class Search:
    """The kinds of data in a value, searched once for as long as it is asked about that one."""

    __slots__ = ("_found", "_value")

    def __init__(self) -> None:
        self._value: object = None
        self._found: frozenset[str] = frozenset()

    def kinds_in(self, value: Mapping[str, JSON]) -> frozenset[str]:
        """As `detect_kinds`, for an object that nobody changes meanwhile."""
        if value is not self._value:
            self._value, self._found = value, detect_kinds(dict(value))
        return self._found


def _lines(value: JSON) -> Iterator[str]:
    """Every text and whole number, one a line, with the name of the member that it stands under."""
    waiting: list[tuple[str, JSON]] = [("", value)]
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.items())
        elif isinstance(item, list):
            waiting.extend((name, part) for part in item)
        elif isinstance(item, (str, int)) and not isinstance(item, bool):
            yield f"{name}: {item}" if name else str(item)
