"""Base64 that has one spelling: two texts that decode alike would be two receipts with one signature."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from receipts.signing.errors import KeyFormatError


def decode_base64(text: object) -> bytes:
    """Standard alphabet with padding (RFC 4648). Raises ValueError unless `text` is the canonical spelling."""
    if not isinstance(text, str) or not text.isascii():
        raise ValueError("not base64 text")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if encode_base64(data) != text:
        raise ValueError("not the canonical spelling of its bytes")
    return data


def encode_base64(data: bytes) -> str:
    """Standard alphabet with padding."""
    return base64.b64encode(data).decode("ascii")


def decode_base64url(text: object) -> bytes:
    """URL alphabet without padding (RFC 7515). Raises ValueError unless `text` is the canonical spelling."""
    if not isinstance(text, str) or not set(text).isdisjoint("+/="):
        raise ValueError("not base64url text")
    return decode_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


def encode_base64url(data: bytes) -> str:
    """URL alphabet without padding."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def coordinate(jwk: Mapping[str, object], *, name: str) -> bytes:
    """The member `name` of a public key, decoded. Raises KeyFormatError."""
    try:
        return decode_base64url(jwk.get(name))
    except ValueError as error:
        raise KeyFormatError(f"The member {name} of a key is {error}.") from error
