"""Whether people can read what an action is called with, or would approve bytes that nobody looks into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from receipts.signing.canonical import JSON, canonical_bytes

LARGEST = 64 * 1024
"""Octets of canonical JSON that somebody may be expected to read."""

LONGEST_CODE = 512
"""Characters in one run that are no text: base64 and hexadecimal numbers of more than a digest, a key or a token."""

_CODE = re.compile(rf"[A-Za-z0-9+/_-]{{{LONGEST_CODE},}}={{0,2}}")
# What text is written with stays: tab, line feed, carriage return.
_BINARY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")


class Opaque(StrEnum):
    """Why parameters can't be inspected."""

    ERASED = "erased"
    TOO_LARGE = "too_large"
    ENCODED = "encoded"


def why_opaque(parameters: JSON) -> Opaque | None:
    """Why nobody can read these parameters, or None where they can; None given for parameters that were erased.

    A rule of thumb: text that hides another meaning is `render`'s and the detectors' to point at.
    """
    if parameters is None:
        return Opaque.ERASED
    if len(canonical_bytes(parameters)) > LARGEST:
        return Opaque.TOO_LARGE
    if any(_CODE.search(text) or _BINARY.search(text) for text in _texts(parameters)):
        return Opaque.ENCODED
    return None


def _texts(value: JSON) -> Iterator[str]:
    """Every text in a value, in any order; as deep as a body may be, without recursion."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += [*each, *each.values()]
