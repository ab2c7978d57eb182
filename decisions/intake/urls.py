"""One spelling of a URL: what every client and server would take for the same place is the same text here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote_to_bytes, urlsplit

from decisions.intake.shapes import invalid_call

_PORTS = {"http": 80, "https": 443}
# Only what RFC 3986 lets stand in a URL: nothing that one reader skips and another one doesn't.
_LETTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)*")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True)
class Url:
    """A URL taken apart: `host` in lower case without a final dot, `path` without dot segments, `query` as it came."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def authority(self) -> str:
        """Host and port, without a port that goes without saying."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def authorities(self) -> frozenset[str]:
        """Every way to write it in a `Host` header."""
        return frozenset({self.authority, f"{self.host}:{self.port}"})

    @property
    def text(self) -> str:
        """The whole, in one spelling."""
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{self.authority}{self.path}{query}"


def read_url(text: str) -> Url:
    """An absolute URL of http or https. Raises `invalid_call` for one that could be read in two ways."""
    if _LETTERS.fullmatch(text) is None or _BROKEN_ESCAPE.search(text):
        raise invalid_call("The URL has characters that a URL can't have.", at=["url"])
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise invalid_call("The URL can't be read.", at=["url"]) from None
    if parts.scheme not in _PORTS or "@" in parts.netloc:
        raise invalid_call("The URL is not an absolute one of http or https, or it names a user.", at=["url"])
    return Url(
        scheme=parts.scheme,
        host=_read_host(parts.hostname or ""),
        port=_PORTS[parts.scheme] if port is None else port,
        path=_read_path(parts.path),
        query=_spelled(parts.query),
    )


def _read_host(host: str) -> str:
    """A name or an address. A number that a resolver would take for an address must be written as one."""
    if ":" in host:
        return f"[{_address(host)}]"
    name = host.removesuffix(".")
    if _HOST.fullmatch(name) is None:
        raise invalid_call("The URL names no host.", at=["url"])
    last = name.rpartition(".")[2]
    return _address(name) if last.isdigit() or last.startswith("0x") else name


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise invalid_call("The URL's host is no address that has one spelling.", at=["url"]) from None


def _spelled(text: str) -> str:
    """Escapes in upper case, and none where the character could stand itself."""

    def spell(match: re.Match[str]) -> str:
        letter = chr(unquote_to_bytes(match[0])[0])
        return letter if letter in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(spell, text)


def _read_path(path: str) -> str:
    """Without `.` and `..`, as every client sends it."""
    kept: list[str] = []
    segments = _spelled(path).split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
