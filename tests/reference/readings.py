"""How values are read: numbers, texts, paths, times, durations and addresses (page: How values are read)."""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any, Final

MISSING: Final = object()
LONGEST_PATH: Final = 4096
ANYWHERE: Final = ".*"
WITHIN_A_PART: Final = "[^/]*"

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_SHORT = re.compile(r"([0-9]{1,9})([smhd])")
_LONG = re.compile(r"P(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
# The years 1 to 9999 of UTC, in seconds.
_FIRST_SECOND = dt.date.min.toordinal() * 86400
_LAST_SECOND = (dt.date.max.toordinal() + 1) * 86400
_STAND_FOR_IPV4 = [ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96")]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_number(value: object) -> bool:
    """A boolean is none, and neither are infinity and NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def exact(number: float) -> Fraction:
    """The number as it is written in decimal."""
    return Fraction(str(number))


@cache
def fold(text: str) -> str:
    """Without case, width and composition."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def kind_of(value: object) -> str:
    """`text`, `number`, `boolean`, or what else it is."""
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__


def same(one: object, other: object) -> bool:
    """Equality of JSON: 1 is 1.0, and neither is true."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return kind_of(one) == kind_of(other) and one == other


def steps_of(name: str) -> list[str]:
    """The steps of a dotted name or a JSON pointer."""
    if name.startswith("/"):
        return [step.replace("~1", "/").replace("~0", "~") for step in name[1:].split("/")]
    return name.split(".")


def name_of_parameter(name: str) -> str:
    """How a DEFER asks for it: with dots, as a pointer only where a step has a dot or slash in itself."""
    steps = steps_of(name.removeprefix("parameters."))
    if any("." in step or "/" in step for step in steps):
        return "parameters" + "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    return ".".join(["parameters", *steps])


def at_path(value: object, name: str) -> Any:
    """What a name leads to in an object or list, or MISSING."""
    for step in steps_of(name):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


@cache
def glob_pattern(glob: str, star: str) -> re.Pattern[str]:
    """`*` and `?` as a regular expression; `star` says what a single `*` may cover."""
    parts = {"**": ANYWHERE, "*": star, "?": star.removesuffix("*")}
    return re.compile("".join(parts.get(part) or re.escape(part) for part in re.findall(r"\*\*|.", glob, re.S)), re.S)


def describes(glob: str, text: str, *, star: str) -> bool:
    return glob_pattern(glob, star).fullmatch(text) is not None


def microseconds_of(value: object) -> int | None:
    """An RFC 3339 time as microseconds since the year 1."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[group]) for group in range(1, 7))
    try:
        days = dt.date(year, month, day).toordinal()
        dt.time(hour, minute, second)
        offset = dt.time(int(found[9] or 0), int(found[10] or 0))
    except ValueError:
        return None
    local = ((days * 24 + hour) * 60 + minute) * 60 + second
    shift = (offset.hour * 60 + offset.minute) * 60 * (-1 if found[8] == "-" else 1)
    is_in_range = _FIRST_SECOND <= local - shift < _LAST_SECOND
    return (local - shift) * 1_000_000 + int((found[7] or "0").ljust(6, "0")) if is_in_range else None


def seconds_of(value: object) -> int | None:
    """A duration as seconds. A policy may also write the number itself."""
    if not isinstance(value, str):
        return None
    if short := _SHORT.fullmatch(value):
        return int(short[1]) * _SECONDS[short[2]]
    if not (long := _LONG.fullmatch(value)) or value[-1] in "PT":
        return None
    return sum(int(number or 0) * _SECONDS[unit] for number, unit in zip(long.groups(), "dhms", strict=True))


def seconds_in(value: object) -> int:
    """A duration of a policy that is known to be valid."""
    seconds = value if isinstance(value, int) else seconds_of(value)
    assert seconds is not None
    return seconds


def address_of(value: object) -> Address | None:
    """An IP address without a zone and without an IPv4 address inside."""
    if not isinstance(value, str) or "%" in value or (":" in value and "." in value):
        return None
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    stands_for_ipv4 = isinstance(address, ipaddress.IPv6Address) and any(address in each for each in _STAND_FOR_IPV4)
    return None if stands_for_ipv4 else address


def in_networks(address: Address, networks: list[str]) -> bool:
    return any(address in network(written) for written in networks)


@cache
def network(written: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(written)


def parts_of_path(value: object) -> list[str] | None:
    """The parts of an absolute path that can be read in one way only."""
    if not isinstance(value, str) or len(value) > LONGEST_PATH or not value.startswith("/"):
        return None
    if unicodedata.normalize("NFC", value) != value:
        return None
    if any(sign in "\\%" or unicodedata.category(sign) == "Cc" for sign in value):
        return None
    parts = value[1:].removesuffix("/").split("/") if value != "/" else []
    return None if any(part in {"", ".", ".."} for part in parts) else parts


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
