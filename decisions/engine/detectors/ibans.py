"""International bank account numbers (ISO 13616): country, length and check digits must agree."""

from __future__ import annotations

import re

from decisions.engine.detectors.checksums import mod_97
from decisions.engine.patterns import finder

_STARTS = finder(r"\b[A-Za-z]{2}[0-9]{2}")
_SEPARATED = re.compile(rb"[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){0,33}")
_LONGEST_WRITTEN = 70

# Countries of the registry by the length of their numbers.
_BY_LENGTH = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_LENGTHS = {country.encode(): length for length, countries in _BY_LENGTH.items() for country in countries.split()}


def iban_occurs(text: bytes) -> bool:
    """Whether an IBAN stands in `text`, in one piece or in groups."""
    return any(_is_iban_at(text, start=start) for start, _ in _STARTS(text))


def _is_iban_at(text: bytes, *, start: int) -> bool:
    length = _LENGTHS.get(text[start : start + 2].upper())
    if length is None:
        return False
    number = text[start : start + _LONGEST_WRITTEN].translate(None, b" -")[:length]
    is_written_so = len(number) == length and number.isalnum() and mod_97((number[4:] + number[:4]).decode("ascii"))
    return is_written_so and _ends_there(text, start=start, length=length)


def _ends_there(text: bytes, *, start: int, length: int) -> bool:
    """Whether so many characters, of which no two lie further apart than a separator, are followed by no other."""
    written = _SEPARATED.match(text, start, start + _LONGEST_WRITTEN)
    assert written is not None, "it begins with letters and digits"
    # What follows in the next group may be the next word, so the country's length decides where the number ends.
    places = [place for place in range(start, written.end()) if text[place] not in b" -"][:length]
    return len(places) == length and not text[places[-1] + 1 : places[-1] + 2].isalnum()
