"""Durations: a whole number with a unit (`90s`, `30m`, `1h`, `7d`) or ISO 8601 without years, months and weeks."""

from __future__ import annotations

import re

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHORT = re.compile(r"([0-9]{1,9})([smhd])")
_ISO = re.compile(r"P(?=[0-9T])(?:([0-9]{1,9})D)?(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?")

GRAMMAR = "a duration: `90s`, `30m`, `1h`, `7d`, or ISO 8601 such as `PT1H30M`"


def parse_duration(text: str) -> int | None:
    """The seconds that `text` stands for, or None where it is no duration."""
    short = _SHORT.fullmatch(text)
    if short:
        return int(short[1]) * _SECONDS[short[2]]
    iso = _ISO.fullmatch(text)
    if iso is None:
        return None
    return sum(int(number or 0) * seconds for number, seconds in zip(iso.groups(), _SECONDS.values(), strict=True))
