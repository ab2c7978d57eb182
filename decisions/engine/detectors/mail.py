"""E-mail addresses, but not what merely has an @: user names in URLs, repositories, image sizes, package versions."""

from __future__ import annotations

from decisions.engine.patterns import finder

# A URL's user name and password come before an @ as well, so the beginning of a URL is taken along if there is one.
_ADDRESSES = finder(
    r"(?:[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/]{0,100})?"
    r"[A-Za-z0-9_%+'.-]{0,63}[A-Za-z0-9_+-]@(?:[A-Za-z0-9\x{80}-\x{10FFFF}-]+\.)+[A-Za-z\x{80}-\x{10FFFF}]{2,24}"
)
# Endings of files that are no top-level domains.
_FILES = (b".png", b".jpg", b".jpeg", b".gif", b".svg", b".webp", b".js", b".css", b".json", b".html")


def mail_address_occurs(text: bytes) -> bool:
    """Whether an e-mail address stands in `text`."""
    return any(_is_address(text[start:end], following=text[end : end + 1]) for start, end in _ADDRESSES(text))


def _is_address(found: bytes, *, following: bytes) -> bool:
    is_repository = found.startswith(b"git@") and following == b":"
    return not (b"://" in found or is_repository or found.lower().endswith(_FILES))
