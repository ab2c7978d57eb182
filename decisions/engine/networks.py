"""IP addresses and networks, read only where every program reads them alike.

`010.0.0.1`, `10.1` and `2130706433` mean different hosts to different programs, a zone means nothing elsewhere, and an
IPv6 address that stands for an IPv4 one would slip past a network that is written for the latter.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_LONGEST = 45
_FOUR_NUMBERS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_SIX = re.compile(r"[0-9A-Fa-f:]+")
_PREFIX = re.compile(r"/[0-9]{1,3}")
# IPv4-mapped addresses (RFC 4291, 2.5.5.2) and those that a gateway translates to IPv4 (RFC 6052).
_EMBEDDING = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))


def parse_address(text: str) -> Address | None:
    """The address in `text`, or None where programs could read another one, or none."""
    if len(text) > _LONGEST or not (_FOUR_NUMBERS.fullmatch(text) or _SIX.fullmatch(text)):
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and any(address in network for network in _EMBEDDING):
        return None
    return address


def parse_network(text: str) -> Network | None:
    """The network in `text`: CIDR without host bits, or one address. None for anything else."""
    address, slash, _ = text.partition("/")
    if parse_address(address) is None or (slash and not _PREFIX.fullmatch(text[len(address) :])):
        return None
    try:
        return ip_network(text)
    except ValueError:
        return None


def networks_of(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks that a checked policy names."""
    return tuple(network for text in texts if (network := parse_network(text)) is not None)


def lies_in(address: Address, *, networks: tuple[Network, ...]) -> bool:
    """Whether one of `networks` holds `address`; those of the other family never do."""
    return any(address.version == network.version and address in network for network in networks)
