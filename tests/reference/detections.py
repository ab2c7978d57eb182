"""What detectors find in the texts of the page and of random actions: mail addresses and cards, and nothing else.

What they find elsewhere is no question of the language; a labelled set of their own says how well they do it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# What comes before an @ in a URL is no mailbox.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://\S*")
_MAIL = re.compile(r"[A-Za-z0-9_+-]@([A-Za-z0-9\u0080-\U0010ffff-]+\.)+[A-Za-z\u0080-\U0010ffff]{2}")
_CARD = re.compile(r"\b4[0-9]{15}\b")


def kinds_in(value: Any) -> list[str]:
    """`PII` for an address, `PCI` besides for a card whose last digit is right."""
    texts = list(_texts(value))
    kinds = {"PII"} if any(_MAIL.search(_URL.sub("", text)) for text in texts) else set()
    cards = any(_is_sound(found) for text in texts for found in _CARD.findall(text))
    return sorted(kinds | {"PCI", "PII"} if cards else kinds)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value


def _is_sound(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0
