"""Mailboxes, hosts and URLs, and whether they lie inside (page: External)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.reference.kleene import Truth, any_of, negation
from tests.reference.readings import Address, address_of, in_networks

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*(?=[A-Za-z]){_LABEL}")
_WORD = r"[A-Za-z0-9_+'-]+"
_LOCAL = re.compile(rf"{_WORD}(?:\.{_WORD})*")
_URL = re.compile(r"(?:https?|HTTPS?)://([^/]*)(?:/[A-Za-z0-9._~!$&'()*+=:@%/?#-]*)?")
_PORT = re.compile(r"(.*?)(?::[0-9]{1,5})?")
LONGEST_PLACE = 2048


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: a host name in lower case or an address, and what stands before an @."""

    host: str = ""
    address: Address | None = None
    local: str = ""


@cache
def place_of(text: str) -> Place | None:
    """The place, or nothing if it can't be read without doubt."""
    if len(text) > LONGEST_PLACE:
        return None
    if url := _URL.fullmatch(text):
        return _host(url[1])
    if "@" in text:
        return mailbox_of(text)
    if address := address_of(text):
        return Place(address=address)
    return _host(text)


def mailbox_of(text: str) -> Place | None:
    local, _, host = text.partition("@")
    if len(text) > LONGEST_PLACE or not _LOCAL.fullmatch(local) or not _NAME.fullmatch(host):
        return None
    return Place(host=host.lower(), local=local)


def _host(text: str) -> Place | None:
    found = _PORT.fullmatch(text)
    if found is None:
        return None
    host = found[1]
    if host.startswith("[") and host.endswith("]"):
        address = address_of(host[1:-1])
        return Place(address=address) if address is not None and address.version == 6 else None
    if _NAME.fullmatch(host):
        return Place(host=host.lower())
    address = address_of(host)
    return Place(address=address) if address is not None and address.version == 4 else None


def is_at(place: Place, domain: str, *, or_below: bool = False) -> bool:
    """Is it at the domain, or with `*.` below it?"""
    domain = domain.lower()
    if domain.startswith("*."):
        return place.host.endswith(domain[1:])
    return bool(place.host) and (place.host == domain or (or_below and place.host.endswith("." + domain)))


def _over_items(value: Any, ask: Any) -> Truth:
    """Does it hold of the text, or of one item of the list? Of what is empty or no text it is unknown."""
    if isinstance(value, list):
        return any_of(ask(item) if isinstance(item, str) and item else None for item in value) if value else None
    return ask(value) if isinstance(value, str) and value else None


def is_external(value: Any, *, domains: list[str], networks: list[str]) -> Truth:
    def outside(text: str) -> bool:
        place = place_of(text)
        if place is None:
            return True
        if place.address is not None:
            return not in_networks(place.address, networks)
        return not any(is_at(place, domain) for domain in domains)

    return _over_items(value, outside)


def all_at(value: Any, *, domains: list[str]) -> Truth:
    return negation(is_external(value, domains=domains, networks=[]))


def is_blocked(value: Any, *, domains: list[str]) -> Truth:
    def blocked(text: str) -> bool:
        place = place_of(text)
        return place is None or any(is_at(place, domain, or_below=True) for domain in domains)

    return _over_items(value, blocked)


def is_mail_in(value: Any, *, addresses: list[str]) -> Truth:
    known = [mailbox_of(address) for address in addresses]

    def unlisted(text: str) -> Truth:
        mailbox = mailbox_of(text)
        return None if mailbox is None else mailbox not in known

    return negation(_over_items(value, unlisted))
