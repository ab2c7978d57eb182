"""Strict I-JSON (RFC 7493): one reading for every parser, or none at all.

The standard library's parser accepts duplicate members, NaN, numbers that lose digits, lone surrogates and any depth.
Everything of that kind is refused here, because two programs that read the same bytes differently can be played off
against each other: one approves what the other one then does not do.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from enum import StrEnum
from math import isfinite
from typing import NoReturn, TypeAlias

from receipts.signing.errors import StrictJSONError

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

MAX_INTEGER = 2**53 - 1
MAX_NUMBER_LENGTH = 64


class Fault(StrEnum):
    """Why bytes were refused; the `code` of a `StrictJSONError`."""

    INVALID_ENCODING = "invalid_encoding"
    BYTE_ORDER_MARK = "byte_order_mark"
    INVALID_JSON = "invalid_json"
    TOO_DEEP = "too_deep"
    TOO_MANY_MEMBERS = "too_many_members"
    DUPLICATE_KEY = "duplicate_key"
    NOT_A_NUMBER = "not_a_number"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    NUMBER_TOO_LONG = "number_too_long"
    LONE_SURROGATE = "lone_surrogate"
    NUL_CHARACTER = "nul_character"


_FIXES = {
    Fault.INVALID_ENCODING: "Send the text as UTF-8.",
    Fault.BYTE_ORDER_MARK: "Send UTF-8 without a byte order mark.",
    Fault.INVALID_JSON: "Send one JSON value as RFC 8259 describes it.",
    Fault.TOO_DEEP: "Nest objects and lists less deeply.",
    Fault.TOO_MANY_MEMBERS: "Send fewer list items and object members.",
    Fault.DUPLICATE_KEY: "Name every member of an object once.",
    Fault.NOT_A_NUMBER: "Send a finite number, or null, or a string.",
    Fault.NUMBER_OUT_OF_RANGE: "Send numbers beyond 9007199254740991 as strings.",
    Fault.NUMBER_TOO_LONG: "Send the digits as a string.",
    Fault.LONE_SURROGATE: "Escape characters beyond U+FFFF as a pair, high half first.",
    Fault.NUL_CHARACTER: "Leave U+0000 out.",
}

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# Possessive quantifiers and the optional closing quote keep this linear on unterminated strings.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NUL_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*+\\u0000")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def _refuse(fault: Fault, why: str) -> NoReturn:
    raise StrictJSONError(code=fault, why=why, fix=_FIXES[fault])


def _decoded(data: bytes) -> str:
    if data.startswith(_MARKS):
        _refuse(Fault.BYTE_ORDER_MARK, "The text begins with a byte order mark.")
    if b"\x00" in data:
        _refuse(Fault.INVALID_ENCODING, "The text contains zero bytes, as UTF-16 and UTF-32 do.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(Fault.INVALID_ENCODING, f"The text is not UTF-8 at byte {error.start}.")


def _refuse_excess(data: bytes, *, max_depth: int, max_members: int) -> None:
    """Bounds depth and members by looking at the bytes, before any parser recurses or allocates."""
    openers = data.count(b"[") + data.count(b"{")
    if openers <= max_depth and openers + data.count(b",") <= max_members:
        return  # Brackets and commas inside strings were counted too, so the real numbers are lower still.
    bare = _STRINGS.sub(b"", data)
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > max_members:
        _refuse(Fault.TOO_MANY_MEMBERS, f"The text has more than {max_members} list items and members.")
    depth = 0
    for bracket in bare.translate(None, _NOT_BRACKETS):
        depth += _STEPS[bracket]
        if depth > max_depth:
            _refuse(Fault.TOO_DEEP, f"The text is nested more than {max_depth} levels deep.")
        if depth < 0:
            return  # The parser stops here as well, at a bracket that closes nothing.


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    if len(members) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        _refuse(Fault.DUPLICATE_KEY, f"An object names the member {twice[:40]!a} more than once.")
    return members


def _integer(digits: str) -> int:
    # 16 digits and a sign; converting more is slow, and none of it would be in range.
    number = int(digits) if len(digits) <= 17 else MAX_INTEGER + 1
    if abs(number) > MAX_INTEGER:
        _refuse(Fault.NUMBER_OUT_OF_RANGE, "The text has a number beyond ±9007199254740991.")
    return number


def _float(digits: str) -> float:
    if len(digits) > MAX_NUMBER_LENGTH:
        _refuse(Fault.NUMBER_TOO_LONG, f"The text has a number of more than {MAX_NUMBER_LENGTH} characters.")
    number = float(digits)
    if not isfinite(number) or abs(number) > MAX_INTEGER:
        _refuse(Fault.NUMBER_OUT_OF_RANGE, "The text has a number beyond ±9007199254740991.")
    return number + 0.0  # Makes -0.0 into 0.0.


def _constant(name: str) -> NoReturn:
    _refuse(Fault.NOT_A_NUMBER, f"{name} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=True
)
_CHARACTERS = json.JSONEncoder(ensure_ascii=False, check_circular=False)


def _parsed(text: str) -> JSON:
    try:
        value: JSON = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        _refuse(Fault.INVALID_JSON, f"The text is not JSON at line {error.lineno}, column {error.colno}: {error.msg}.")
    return value


def _refuse_lone_surrogates(value: JSON) -> None:
    try:
        _CHARACTERS.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        _refuse(Fault.LONE_SURROGATE, "The text escapes half of a surrogate pair.")


def load_strict(data: bytes, *, max_depth: int = 64, max_members: int = 10_000) -> JSON:
    """The one value that `data` says, as UTF-8 I-JSON.

    `max_depth` bounds nested lists and objects; `max_members` bounds all list items, members and containers together.
    Numbers keep their spelling's type (`1` int, `1.0` float), lie within ±(2^53−1), and -0.0 becomes 0.0.
    Raises StrictJSONError with a `Fault` as its code. The length of `data` is the caller's to bound.
    """
    text = _decoded(data)
    _refuse_excess(data, max_depth=max_depth, max_members=max_members)
    value = _parsed(text)
    # Escapes can only stand inside strings of what has just been parsed, so looking at the text is exact.
    if "\\u0000" in text and _NUL_ESCAPE.search(text):
        _refuse(Fault.NUL_CHARACTER, "The text contains U+0000.")
    if "\\u" in text and _SURROGATE_ESCAPE.search(text):
        _refuse_lone_surrogates(value)
    return value
