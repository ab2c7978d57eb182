"""Where parsers of JSON differ: every payload here was signed by a key that is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import rfc8785

from tests.verifiers.holders import envelope_of
from tests.verifiers.publishing.case import ALICE, Case, case, receipt, spelt, statement

# Texts to be put in place of the value of `body.x`, all of them outside the profile.
REFUSED = {
    "NaN": "NaN",
    "Infinity": "Infinity",
    "minus Infinity": "-Infinity",
    "number with a plus sign": "+1",
    "number with a leading zero": "01",
    "number that ends with a point": "1.",
    "number that begins with a point": ".5",
    "hexadecimal number": "0x10",
    "number beyond 2^53-1": "9007199254740992",
    "number beyond -(2^53-1)": "-9007199254740992",
    "number beyond 2^53-1 in floating point": "9007199254740993.0",
    "number of 65 characters": "0." + "1" * 63,
    "number that overflows": "1e999",
    "lone high surrogate": r'"\ud83d"',
    "lone low surrogate": r'"\ude00"',
    "surrogates in the wrong order": r'"\ude00\ud83d"',
    "U+0000": r'"\u0000"',
    "control character as it is": '"\x1f"',
    "line break in a text": '"\n"',
    "escape that JSON lacks": r'"\x41"',
    "text in single quotes": "'a'",
    "text without its end": '"a',
    "list with a trailing comma": "[1,]",
    "list with a hole": "[1,,2]",
    "object with a trailing comma": '{"a":1,}',
    "object with a bare name": "{a:1}",
    "comment": "1/* one */",
    "word in capitals": "True",
    "undefined": "undefined",
    "65 levels": "[" * 63 + "]" * 63,
    "10,001 values": "[" + "0," * 9_988 + "0]",
    "member named twice": '{"a":1,"a":1}',
    "member named twice, once by an escape": r'{"a":1,"\u0061":1}',
}
# Inside the profile, and not as RFC 8785 writes it.
NOT_CANONICAL = {
    "1.0 for 1": "1.0",
    "-0 for 0": "-0",
    "1e2 for 100": "1e2",
    "1E-7 for 1e-7": "1E-7",
    "0.10 for 0.1": "0.10",
    "escaped letter": r'"\u0061"',
    "escaped slash": r'"\/"',
    "escape in capitals": r'"\u001F"',
    "long escape where there is a short one": r'"\u000a"',
    "escaped character beyond ASCII": r'"\u00e9"',
    "white space": "[1, 2]",
}
# What RFC 8785 writes as it stands here.
CANONICAL = {
    "largest integer": "9007199254740991",
    "smallest integer": "-9007199254740991",
    "smallest double": "5e-324",
    "small number": "1e-7",
    "number just above that": "0.000001",
    "number with every digit": "0.30000000000000004",
    "largest half": "4503599627370495.5",
    "DEL and U+2028 as they are": '"\x7f\u2028"',
    "noncharacter": '"\uffff"',
    "composed and decomposed": '{"e\u0301":1,"\u00e9":2}',
    "names by UTF-16 units": '{"\U0001f600":1,"\ufb33":2}',
    "empty name": '{"":0}',
    "name that JavaScript has a meaning for": '{"__proto__":{"constructor":null}}',
    "names that look like indices": '{"10":0,"2":0}',
    "64 levels": "[" * 62 + "]" * 62,
    "10,000 values": "[" + "0," * 9_985 + "0]",
}


def _with_value(text: str) -> Any:
    return spelt('"body":{"x":0}', '"body":{"x":' + text + "}", body={"x": 0})


def json_cases() -> Iterator[Case]:
    for name, text in REFUSED.items():
        yield case(f"signed JSON, {name}", "malformed", _with_value(text))
    for name, text in NOT_CANONICAL.items():
        yield case(f"signed, not canonical, {name}", "malformed", _with_value(text))
    for name, text in CANONICAL.items():
        yield case(f"signed, canonical, {name}", None, _with_value(text))
    by_code_point = '{"\ufb33":2,"\U0001f600":1}'
    yield case("signed, not canonical, names by code points", "malformed", _with_value(by_code_point))
    yield from _encodings()


def _encodings() -> Iterator[Case]:
    payload = rfc8785.dumps(statement(body={"x": "\u00e9"}))
    for name, data in {
        "byte order mark": b"\xef\xbb\xbf" + payload,
        "UTF-16": payload.decode().encode("utf-16-le"),
        "Latin-1": payload.decode().encode("latin-1"),
        "overlong slash": payload.replace("\u00e9".encode(), b"\xc0\xaf"),
        "surrogate in UTF-8": payload.replace("\u00e9".encode(), b"\xed\xa0\xbd"),
        "beyond U+10FFFF": payload.replace("\u00e9".encode(), b"\xf4\x90\x80\x80"),
        "cut off within a character": payload[: payload.index("\u00e9".encode()) + 1],
        "nothing": b"",
        "text after the object": payload + b"{}",
        "line break after the object": payload + b"\n",
        "list": b"[]",
        "null": b"null",
    }.items():
        yield case(f"signed payload, {name}", "malformed", envelope_of(data, holder=ALICE))
    yield case("file that is not UTF-8", "malformed", b'{"payload\xff": 1}')
    yield case("file with a byte order mark", "malformed", b"\xef\xbb\xbf{}")
    yield case("receipt with a text beyond the BMP", None, receipt(body={"x": "\U0001f600"}))
