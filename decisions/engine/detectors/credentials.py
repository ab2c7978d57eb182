"""Passwords and secrets beside a name that says what they are, in addresses, and in headers of requests."""

from __future__ import annotations

from collections.abc import Iterator

from decisions.engine.detectors.randomness import is_placeholder, is_random, is_reference, is_sequence
from decisions.engine.patterns import placer, searcher

SIGN = (
    r"(?i)passw|passphrase|pwd|contrase|secret|token|api[ _-]?key|(?:access|auth|private|account)[_-]?key|credential"
    r"|[_-]pass\b|authorization|://[^\s/:@]*:[^\s/@]"
)
_ASSIGNS = r"[\"'`]?\]?(?:\s?[:=]\s?|\s=>\s|\s?:=\s?|\sis:?\s|\s)[\"'`]?"
_PASSWORDS = placer(
    r"(?i)(?:password|passwd|passphrase|passwort|contraseña|\bpwd|_pwd|[_-]pass)" + _ASSIGNS + r"([^\s\"'`,;]{6,128})",
    groups=1,
)
_SECRETS = placer(
    r"(?i)([A-Z0-9_.-]{0,40}(?:secret|token|api[ _-]?key|(?:access|auth|private|account)[_-]?key|credentials?)"
    r"(?:[_-]?(?:id|key|value|token|hex|base64|access[_-]?key))?)" + _ASSIGNS + r"([^\s\"'`,;]{16,256})",
    groups=2,
)
_ADDRESSES = placer(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,64}:([^\s/@\"'<>]{3,128})@[A-Za-z0-9\[]", groups=1)
_HEADERS = placer(
    r"(?i)authorization[\"']?\s?[:=]\s?[\"']?(?:basic|bearer|token|apikey)\s([A-Z0-9+/=._~-]{12,512})", groups=1
)
# Tokens that say where a reader stopped, guard a form or measure a text open nothing.
_HARMLESS = searcher(
    r"(?i)page|next|cursor|continu|sync|delta|resume|csrf|xsrf|idempotency|design|count|max|limit|usage|public|device|"
    r"push|stop|request|mask|prompt|completion"
)
_BITS = 3.0
# People do choose `abc123`; what counts on for longer is an example.
LONGEST_HABIT = 12


def credential_occurs(text: bytes) -> bool:
    """Whether a password or secret stands in `text` where its name, an address or a header gives it away."""
    return any(True for _ in credential_spans(text))


def credential_spans(text: bytes) -> Iterator[tuple[int, int]]:
    """Where those stand: the values alone."""
    yield from (place for (place,) in _PASSWORDS(text) if _is_password(text[slice(*place)]))
    yield from (place for name, place in _SECRETS(text) if _is_named(text[slice(*name)], value=text[slice(*place)]))
    yield from (place for (place,) in _ADDRESSES(text) if not is_placeholder(text[slice(*place)]))
    yield from (place for (place,) in _HEADERS(text) if _is_shown(text[slice(*place)]))


def _is_named(name: bytes, *, value: bytes) -> bool:
    return _is_secret(value) and not _HARMLESS(name)


def _is_shown(value: bytes) -> bool:
    return not is_placeholder(value) and is_random(value, bits=_BITS)


def _is_password(value: bytes) -> bool:
    value = value.rstrip(b".):!?")
    is_long_sequence = len(value) >= LONGEST_HABIT and is_sequence(value)
    if len(value) < 6 or is_long_sequence or is_placeholder(value) or is_reference(value):
        return False
    text = value.decode()
    letters, digits = sum(map(str.isalpha, text)), sum(map(str.isdigit, text))
    symbols = len(text) - letters - digits - sum(map(text.count, "-_./:()"))
    is_mixed = not (text[1:].islower() or text[1:].isupper())
    return bool(letters) and bool(digits or symbols or is_mixed)


def _is_secret(value: bytes) -> bool:
    if is_placeholder(value) or is_reference(value):
        return False
    has_digits = any(map(bytes.isdigit, (value[place : place + 1] for place in range(len(value)))))
    return has_digits and is_random(value, bits=_BITS)
