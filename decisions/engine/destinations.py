"""Whether an address, host or URL provably lies inside the organisation.

Only what every program must read alike is inside; what some mailer or browser could read differently
(`a@ours,b@theirs`, `ours@theirs`, user info, backslashes, a trailing dot, letters that only look like ours) is outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_DESTINATION = 2048

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})+")
_LABELS = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PORT = r"(?::[0-9]{1,5})?"
# No % and no ! before the @: both once meant "relay to somebody else".
_MAILBOX = re.compile(r"[A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*@([A-Za-z0-9.-]+)")
_HOST = re.compile(rf"([A-Za-z0-9.-]+){_PORT}")
# The host must end at a slash or with the text: old parsers disagree about ? and # directly behind it. No comma and no
# semicolon anywhere: some programs split there and go on with what follows.
_URL = re.compile(rf"(?:https?|HTTPS?)://([A-Za-z0-9.-]+){_PORT}(?:/[A-Za-z0-9._~!$&'()*+=:@%/?#-]*)?")
_FORMS = (_MAILBOX, _URL, _HOST)


@dataclass(frozen=True, slots=True)
class Domains:
    """The organisation's own domains. `exact` counts alone, each of `suffixes` (`.corp.example`) for all below it."""

    exact: frozenset[str]
    suffixes: tuple[str, ...]

    def contain(self, host: str) -> bool:
        """Whether `host` is one of them."""
        name = host.lower()
        return name in self.exact or any(
            name.endswith(suffix) and _LABELS.fullmatch(name.removesuffix(suffix)) for suffix in self.suffixes
        )


def is_domain(text: str) -> bool:
    """Whether `text` may stand in `organisation.domains`: lower-case ASCII, two labels or more, `*.` for all below."""
    return len(text) <= 253 and _DOMAIN.fullmatch(text) is not None


def own_domains(names: tuple[str, ...]) -> Domains:
    """The domains of a policy's header; `*.corp.example` stands for every name below `corp.example`, not for itself."""
    return Domains(
        exact=frozenset(name for name in names if not name.startswith("*.")),
        suffixes=tuple(sorted(name[1:] for name in names if name.startswith("*."))),
    )


def is_inside(destination: str, *, domains: Domains) -> bool:
    """Whether `destination` provably belongs to one of `domains`. Never raises."""
    if len(destination) > LONGEST_DESTINATION or not destination.isascii():
        return False
    for form in _FORMS:
        found = form.fullmatch(destination)
        if found:
            return domains.contain(found[1])
    return False
