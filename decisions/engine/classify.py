"""Which kinds of data occur in a text or JSON value: `PII` (personal data) and `PCI` (payment cards).

This finds what has a checksum, a numbering plan or an unmistakable form, and nothing else: no names, no addresses, no
secrets. What it measured on labelled strings stands in `docs/policy-language.md`. A value without a finding is not
thereby harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from unicodedata import normalize

from decisions.engine.detectors.cards import card_occurs
from decisions.engine.detectors.ibans import iban_occurs
from decisions.engine.detectors.mail import mail_address_occurs
from decisions.engine.detectors.phones import phone_number_occurs
from receipts.signing.canonical import JSON

_DETECTORS: Mapping[Callable[[bytes], bool], frozenset[str]] = {
    card_occurs: frozenset({"PCI", "PII"}),
    mail_address_occurs: frozenset({"PII"}),
    iban_occurs: frozenset({"PII"}),
    phone_number_occurs: frozenset({"PII"}),
}
# Dashes that people and programs put between groups of digits.
_DASHES = dict.fromkeys(range(0x2010, 0x2016), "-") | {0x2212: "-"}


def detect_kinds(value: JSON) -> frozenset[str]:
    """The kinds of data that `value`, a text or any JSON value, is found to hold. Total; time is linear in its size."""
    text = "\n".join(_lines(value))
    if not text.isascii():
        text = normalize("NFKC", text).translate(_DASHES)
    encoded = text.encode("utf-8", "replace")
    kinds: frozenset[str] = frozenset()
    for occurs, found in _DETECTORS.items():
        if not found <= kinds and occurs(encoded):
            kinds |= found
    return kinds


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
