"""One value, one sequence of bytes (RFC 8785), and the digests that are taken of it.

Three digests that must never be mixed: `request_digest` binds an answer to a question, and any client can compute it;
`action_digest` binds an approval to a final action and, by its nonce, says nothing about it; `commitment` stands in
for a value that may have to be erased. Each is taken of bytes that begin in their own way, so none passes for another.

Other pure packages import this module and nothing else from `receipts.signing`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import rfc8785

from receipts.signing.errors import CanonicalError, StrictJSONError
from receipts.signing.strict_json import JSON, MAX_INTEGER, Fault, load_strict

__all__ = [
    "JSON",
    "MAX_INTEGER",
    "CanonicalError",
    "Fault",
    "StrictJSONError",
    "action_digest",
    "canonical_bytes",
    "commitment",
    "digest",
    "field_salt",
    "load_strict",
    "request_digest",
    "sha256_digest",
]

ACTION_DOMAIN = b"aarm/action/v1"
COMMITMENT_DOMAIN = b"aarm/commit/v1"
SALT_DOMAIN = b"aarm/salt/v1"
SECRET_LENGTH = 32

# The standard library writes plain values exactly as RFC 8785 asks, several times faster than the reference library; a
# test holds both against each other. Whatever `_is_plain` does not vouch for goes to the library.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, check_circular=False, separators=(",", ":")
)
_FAST_DEPTH = 80


def _is_plain(value: object, room: int) -> bool:
    """Whether `_ENCODER` is known to give the RFC 8785 form of `value`, which is at most `room` levels deep."""
    if value is None or isinstance(value, (str, bool)):
        return True
    is_plain = _PLAIN.get(type(value))
    return is_plain is not None and is_plain(value, room)


def _is_plain_integer(value: int, room: int) -> bool:
    return -MAX_INTEGER <= value <= MAX_INTEGER


def _is_plain_float(value: float, room: int) -> bool:
    # In this range Python and ECMAScript both write the shortest digits and no exponent; 1.0 and 1 would differ.
    return 1e-4 <= abs(value) < 1e15 and not value.is_integer()


def _is_plain_list(value: list[object], room: int) -> bool:
    if room == 0:
        return False
    # A loop, because `all` with a generator is slower, and every receipt and digest passes through here.
    for item in value:  # noqa: SIM110
        if type(item) not in _ALWAYS_PLAIN and not _is_plain(item, room - 1):
            return False
    return True


def _is_plain_object(value: dict[object, object], room: int) -> bool:
    if room == 0:
        return False
    for name, item in value.items():
        # Only ASCII names are sure to sort alike by code point and by UTF-16 unit.
        if not (isinstance(name, str) and name.isascii()):
            return False
        if type(item) not in _ALWAYS_PLAIN and not _is_plain(item, room - 1):
            return False
    return True


# Most values are of these, and asking a set costs less than a call.
_ALWAYS_PLAIN = frozenset({str, bool, type(None)})
_PLAIN: dict[type, Callable[[Any, int], bool]] = {
    int: _is_plain_integer,
    float: _is_plain_float,
    list: _is_plain_list,
    dict: _is_plain_object,
}


def canonical_bytes(value: object) -> bytes:
    """The RFC 8785 (JCS) form of a JSON value, UTF-8.

    Takes None, bool, int within ±(2^53−1), finite float, str, list, tuple and dict with str keys; strings are neither
    normalised nor trimmed. Raises CanonicalError for anything else, lone surrogates and unlimited nesting included.
    """
    try:
        if _is_plain(value, _FAST_DEPTH):
            return _ENCODER.encode(value).encode("utf-8")
        return rfc8785.dumps(cast(Any, value))
    except (ValueError, RecursionError) as error:  # The library's errors and those of encoding are ValueErrors.
        raise CanonicalError(f"A value has no canonical form ({type(error).__name__}).") from error


def sha256_digest(data: bytes) -> str:
    """`sha256:` and 64 lower-case hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest(value: object) -> str:
    """`sha256_digest` of the canonical bytes of `value`. Guessable values need a `commitment` instead."""
    return sha256_digest(canonical_bytes(value))


def request_digest(*, session_id: str, tool: str, operation: str, parameters: Mapping[str, JSON]) -> str:
    """What was asked, as the client can compute it too: SHA-256 of JCS {operation, parameters, session_id, tool}."""
    asked = {"operation": operation, "parameters": dict(parameters), "session_id": session_id, "tool": tool}
    return digest(asked)


def action_digest(*, nonce: bytes, tool: str, operation: str, parameters: Mapping[str, JSON]) -> str:
    """What an approval binds: SHA-256("aarm/action/v1" ‖ 0x00 ‖ nonce ‖ JCS {operation, parameters, tool}).

    The nonce is 32 random bytes that stay with the issuer, so that the digest tells nobody which action it stands for.
    """
    _require_length(nonce, name="nonce")
    action = {"operation": operation, "parameters": dict(parameters), "tool": tool}
    return sha256_digest(ACTION_DOMAIN + b"\x00" + nonce + canonical_bytes(action))


def field_salt(seed: bytes, path: str) -> bytes:
    """The 32-byte salt of one field: HMAC-SHA256(seed, "aarm/salt/v1" ‖ length ‖ path).

    `seed` is 32 random bytes, kept with the values and erased with them. One field's salt can be disclosed alone: it
    tells neither the seed nor any other salt.
    """
    _require_length(seed, name="seed")
    return hmac.digest(seed, SALT_DOMAIN + _prefixed(path), "sha256")


def commitment(path: str, *, salt: bytes, value: object) -> str:
    """What is signed in place of a value: SHA-256("aarm/commit/v1" ‖ length ‖ path ‖ salt ‖ JCS(value)).

    The length is that of the UTF-8 path, as four bytes, big end first; `salt` is 32 bytes, see `field_salt`.
    """
    _require_length(salt, name="salt")
    return sha256_digest(COMMITMENT_DOMAIN + _prefixed(path) + salt + canonical_bytes(value))


def _prefixed(path: str) -> bytes:
    try:
        encoded = path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError("A field path has half of a surrogate pair.") from error
    return len(encoded).to_bytes(4, "big") + encoded


def _require_length(secret: bytes, *, name: str) -> None:
    if len(secret) != SECRET_LENGTH:
        raise CanonicalError(
            f"A {name} has {len(secret)} bytes.", fix=f"Use exactly {SECRET_LENGTH} bytes from a secure random source."
        )
