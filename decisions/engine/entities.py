"""The people and places that a value names: mail addresses, and the hosts of URLs, in lower case.

Only a text that *is* an address or a URL counts; what a letter mentions is not whom it goes to. Total; time is linear
in the size of the value.
"""

from __future__ import annotations

from decisions.engine.destinations import host_of, mailbox
from receipts.signing.canonical import JSON

LONGEST = 128


def entities_in(value: JSON) -> frozenset[str]:
    """Every entity in a JSON value, members' names left out."""
    found: set[str] = set()
    waiting: list[JSON] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str) and (name := _entity(item)):
            found.add(name)
    return frozenset(found)


def _entity(text: str) -> str | None:
    if "@" in text and mailbox(text) is not None:
        name: str | None = text.lower()
    elif "://" in text:
        name = host_of(text)
    else:
        return None
    return name if name is not None and len(name) <= LONGEST else None
