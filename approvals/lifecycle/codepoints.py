"""Which code points a reader cannot see or tell apart from a space, and what to call them."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from enum import Enum, auto
from functools import lru_cache

DEFAULT_IGNORABLE: tuple[tuple[int, int], ...] = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""Property Default_Ignorable_Code_Point, DerivedCoreProperties.txt, the same from Unicode 14.0 to 17.0.

It is embedded because the standard library does not carry the property. First and last of each range are included.
"""

BRAILLE_BLANK = "\u2800"
"""No space by its category, but nothing else to the eye."""

EMPTY_SYMBOLS = frozenset("\ufffc\U00016fe4\U0001d159")
"""Symbols and marks that draw nothing by themselves: object replacement, Khitan filler, null notehead."""

PILL_BRACKETS = frozenset("⟦⟧")
"""The brackets around our own words. In hostile text they are shown as pills, so that it cannot imitate one."""

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Everything that changes the direction of the text around it (UAX #9, Bidi_Control)."""

KEPT = 1 << 16
"""Of how many characters what was found out is kept: a text may have each of the commoner ones."""

_NOT_WHAT_THEY_ARE = EMPTY_SYMBOLS | PILL_BRACKETS
_IGNORABLE_STARTS = [first for first, _ in DEFAULT_IGNORABLE]
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
_UNNAMED = {"Cc": "CONTROL", "Cs": "SURROGATE", "Co": "PRIVATE USE", "Cn": "UNASSIGNED"}

# Name aliases of type control, NameAliases.txt. The standard library finds a character by its alias, but no alias.
_C0 = (
    "NULL|START OF HEADING|START OF TEXT|END OF TEXT|END OF TRANSMISSION|ENQUIRY|ACKNOWLEDGE|ALERT|BACKSPACE|"
    "CHARACTER TABULATION|LINE FEED|LINE TABULATION|FORM FEED|CARRIAGE RETURN|SHIFT OUT|SHIFT IN|DATA LINK ESCAPE|"
    "DEVICE CONTROL ONE|DEVICE CONTROL TWO|DEVICE CONTROL THREE|DEVICE CONTROL FOUR|NEGATIVE ACKNOWLEDGE|"
    "SYNCHRONOUS IDLE|END OF TRANSMISSION BLOCK|CANCEL|END OF MEDIUM|SUBSTITUTE|ESCAPE|INFORMATION SEPARATOR FOUR|"
    "INFORMATION SEPARATOR THREE|INFORMATION SEPARATOR TWO|INFORMATION SEPARATOR ONE"
)
_C1 = (
    "DELETE|PADDING CHARACTER|HIGH OCTET PRESET|BREAK PERMITTED HERE|NO BREAK HERE|INDEX|NEXT LINE|"
    "START OF SELECTED AREA|END OF SELECTED AREA|CHARACTER TABULATION SET|CHARACTER TABULATION WITH JUSTIFICATION|"
    "LINE TABULATION SET|PARTIAL LINE FORWARD|PARTIAL LINE BACKWARD|REVERSE LINE FEED|SINGLE SHIFT TWO|"
    "SINGLE SHIFT THREE|DEVICE CONTROL STRING|PRIVATE USE ONE|PRIVATE USE TWO|SET TRANSMIT STATE|CANCEL CHARACTER|"
    "MESSAGE WAITING|START OF GUARDED AREA|END OF GUARDED AREA|START OF STRING|SINGLE GRAPHIC CHARACTER INTRODUCER|"
    "SINGLE CHARACTER INTRODUCER|CONTROL SEQUENCE INTRODUCER|STRING TERMINATOR|OPERATING SYSTEM COMMAND|"
    "PRIVACY MESSAGE|APPLICATION PROGRAM COMMAND"
)
_CONTROL_NAMES = dict(enumerate(_C0.split("|"))) | dict(enumerate(_C1.split("|"), start=0x7F))


class Sight(Enum):
    """How a character looks to a reader."""

    TEXT = auto()
    BREAK = auto()
    """A line feed."""
    BLANK = auto()
    """A space or tab of any kind."""
    HIDDEN = auto()
    """Nothing to see, or not what it is; must be spelled out."""
    MARK = auto()
    """Drawn over the character before it."""


@lru_cache(maxsize=KEPT)
def sight(char: str) -> Sight:
    """How one character looks. What an older Unicode does not know is HIDDEN until the character database knows it."""
    category = unicodedata.category(char)
    if char == "\n":
        return Sight.BREAK
    if char == "\t" or category == "Zs" or char == BRAILLE_BLANK:
        return Sight.BLANK
    if category in _HIDDEN_CATEGORIES or char in _NOT_WHAT_THEY_ARE or _is_default_ignorable(char):
        return Sight.HIDDEN
    return Sight.MARK if category in {"Mn", "Me"} else Sight.TEXT


def spelled(char: str) -> str:
    """`U+202E RIGHT-TO-LEFT OVERRIDE`: the code point in four to six hexadecimal digits and its Unicode name."""
    code = ord(char)
    name = (
        _CONTROL_NAMES.get(code) or unicodedata.name(char, "") or _UNNAMED.get(unicodedata.category(char), "CHARACTER")
    )
    return f"U+{code:04X} {name}"


def spelled_out(text: str) -> str:
    """The text with every hidden character, and every blank but the space, spelled in ⟦ ⟧."""
    seen = {Sight.TEXT, Sight.MARK}
    return "".join(char if char == " " or sight(char) in seen else f"⟦{spelled(char)}⟧" for char in text)


def _is_default_ignorable(char: str) -> bool:
    place = bisect_right(_IGNORABLE_STARTS, ord(char))
    return place > 0 and ord(char) <= DEFAULT_IGNORABLE[place - 1][1]
