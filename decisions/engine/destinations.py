"""Where an address, host or URL leads, read only where every program reads the same host out of it.

What some mailer or browser could read differently (`a@ours,b@theirs`, `ours@theirs`, user info, backslashes, a trailing
dot, letters that only look like ours, numbers that only some programs take for an IP address) has no host here, so it
is never inside anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from decisions.engine.networks import Network, lies_in, parse_address

LONGEST_DESTINATION = 2048

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label of a domain begins with a letter: one that begins with a digit makes some programs see an IP address.
_TOP = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)+{_TOP}")
_LABELS = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAME = rf"(?:{_LABEL}\.)*{_TOP}".replace("a-z", "A-Za-z")
_PORT = r"(?::[0-9]{1,5})?"
# No % and no ! before the @: both once meant "relay to somebody else".
_LOCAL = r"[A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*"
_MAILBOX = re.compile(rf"({_LOCAL})@({_NAME})")
# A name, an IPv4 address or, in brackets, an IPv6 address.
_HOST = rf"(?:({_NAME})|([0-9.]+)|\[([0-9A-Fa-f:]+)\])"
_WITH_PORT = re.compile(rf"{_HOST}{_PORT}")
# The host must end at a slash or with the text: old parsers disagree about ? and # directly behind it. No comma and no
# semicolon anywhere: some programs split there and go on with what follows.
_URL = re.compile(rf"(?:https?|HTTPS?)://{_HOST}{_PORT}(?:/[A-Za-z0-9._~!$&'()*+=:@%/?#-]*)?")


@dataclass(frozen=True, slots=True)
class Domains:
    """Some domains. `exact` counts alone, each of `suffixes` (`.corp.example`) for all below it."""

    exact: frozenset[str]
    suffixes: tuple[str, ...]

    def contain(self, host: str) -> bool:
        """Whether `host`, which is in lower case, is one of them."""
        return host in self.exact or any(
            host.endswith(suffix) and _LABELS.fullmatch(host.removesuffix(suffix)) for suffix in self.suffixes
        )


def is_domain(text: str) -> bool:
    """Whether `text` may stand in `organisation.domains`: lower-case ASCII, two labels or more, `*.` for all below."""
    return len(text) <= 253 and _DOMAIN.fullmatch(text) is not None


def own_domains(names: tuple[str, ...]) -> Domains:
    """The domains that `names` stand for; `*.corp.example` is every name below `corp.example`, not that name itself."""
    return Domains(
        exact=frozenset(name for name in names if not name.startswith("*.")),
        suffixes=tuple(sorted(name[1:] for name in names if name.startswith("*."))),
    )


def domains_and_below(names: tuple[str, ...]) -> Domains:
    """The same, with everything below each of `names`."""
    return own_domains((*names, *(f"*.{name}" for name in names if not name.startswith("*."))))


def mailbox(text: str) -> tuple[str, str] | None:
    """The part before the @ of a mail address, as it is written, and its domain in lower case. None if in doubt."""
    found = _MAILBOX.fullmatch(text) if len(text) <= LONGEST_DESTINATION else None
    return (found[1], found[2].lower()) if found else None


def host_of(destination: str) -> str | None:
    """The host that a mailbox, host, IP address or http(s) URL names, in lower case, without port and brackets.

    None where programs could find another one, or none. Never raises.
    """
    if len(destination) > LONGEST_DESTINATION or not destination.isascii():
        return None
    address = _MAILBOX.fullmatch(destination)
    if address is not None:
        return address[2].lower()
    found = _URL.fullmatch(destination) or _WITH_PORT.fullmatch(destination)
    if found is not None and found[1]:
        return found[1].lower()
    host = (found[2] or found[3] if found else destination).lower()
    return host if parse_address(host) else None


def is_inside(destination: str, *, domains: Domains, networks: tuple[Network, ...] = ()) -> bool:
    """Whether `destination` provably belongs to one of `domains` or `networks`. Never raises."""
    host = host_of(destination)
    if host is None:
        return False
    if domains.contain(host):
        return True
    address = parse_address(host) if networks else None
    return address is not None and lies_in(address, networks=networks)
