"""Telephone numbers that the national numbering plans know.

International form (`+44 …`, `0044 …`) is taken as it stands; a national form only where a word like "phone" or "tel"
introduces it, and only for the plans in `REGIONS`.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonenumbers import NumberParseException, is_valid_number, parse

from decisions.engine.patterns import finder

REGIONS = ("US", "GB", "DE", "FR")
# Looking a number up takes some 30 µs. A text with more candidates than this counts as having a number: that many are
# hardly anything else, and a label too many asks more questions while one too few leaks.
MOST_CHECKED = 3000

_INTERNATIONAL = finder(r"(?:\+|\b00)[ (]?[1-9][0-9 ().\-/]{6,20}[0-9]")
_INTRODUCED = finder(
    r"(?i)\b(?:tel|telephone|phone|mobile|cell|fax|call|whatsapp|sms)[a-z_ ]{0,12}[^0-9a-z+\n]{0,6}"
    r"[0-9(][0-9 ().\-/]{6,18}[0-9]"
)
_NUMBER = finder(r"[0-9(][0-9 ().\-/]{6,18}[0-9]$")
_SEPARATORS = " ().-/"
_MOST_GROUPS_DROPPED = 3


def phone_number_occurs(text: bytes) -> bool:
    """Whether a telephone number stands in `text`."""
    for checked, (number, region) in enumerate(_candidates(text)):
        if checked >= MOST_CHECKED or _is_known(number, region=region):
            return True
    return False


def _candidates(text: bytes) -> Iterator[tuple[str, str | None]]:
    for start, end in _INTERNATIONAL(text):
        if not text[max(start - 1, 0) : start].isalnum():
            number = text[start:end].decode("ascii").removeprefix("00")
            yield from ((shorter, None) for shorter in _shortened("+" + number.removeprefix("+")))
    for start, end in _INTRODUCED(text):
        for first, last in _NUMBER(text[start:end]):
            number = text[start + first : start + last].decode("ascii")
            yield from ((shorter, region) for shorter in _shortened(number) for region in REGIONS)


def _shortened(number: str) -> Iterator[str]:
    """`number`, then without its last groups, because the next number of the text may have been taken along."""
    for _ in range(_MOST_GROUPS_DROPPED + 1):
        yield number
        cut = max(number.rfind(separator) for separator in _SEPARATORS)
        number = number[:cut].rstrip(_SEPARATORS)
        if cut < 0 or not number:
            return


def _is_known(number: str, *, region: str | None) -> bool:
    try:
        return is_valid_number(parse(number, region))
    except NumberParseException:
        return False
