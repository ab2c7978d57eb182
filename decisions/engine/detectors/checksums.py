"""Check digits, each as its standard reckons it, of texts of ASCII digits (and letters where the standard has them)."""

from __future__ import annotations

from collections.abc import Sequence

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_AS_NUMBERS = {ord(letter): str(value) for value, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", start=10)}
# Verhoeff's tables: the dihedral group of order ten, and the permutation of each position, last digit first.
_GROUP = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTED = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)


def weighted(digits: str, *, weights: Sequence[int]) -> int:
    """The sum of the digits, each times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def luhn(digits: str) -> bool:
    """Whether the last digit is Luhn's (ISO/IEC 7812-1)."""
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0


def verhoeff(digits: str) -> bool:
    """Whether the last digit is Verhoeff's."""
    check = 0
    for position, digit in enumerate(reversed(digits)):
        check = _GROUP[check][_PERMUTED[position % 8][int(digit)]]
    return check == 0


def mod_11_10(digits: str) -> bool:
    """Whether the last digit is that of ISO/IEC 7064, MOD 11,10."""
    product = 10
    for digit in digits[:-1]:
        product = (product + int(digit)) % 10 or 10
        product = product * 2 % 11
    return (product + int(digits[-1])) % 10 == 1


def mod_11_2(characters: str) -> bool:
    """Whether the last character, a digit or X, is that of ISO/IEC 7064, MOD 11-2."""
    rest = 0
    for digit in characters[:-1]:
        rest = (rest + int(digit)) * 2 % 11
    last = 10 if characters[-1] in "Xx" else int(characters[-1])
    return (rest + last) % 11 == 1


def mod_97(characters: str) -> bool:
    """Whether digits and letters (A is 10), read as one number, leave 1 (ISO/IEC 7064, MOD 97-10)."""
    return int(characters.upper().translate(_AS_NUMBERS)) % 97 == 1


def mod_11(digits: str, *, weights: Sequence[int]) -> int | None:
    """The check digit 11 less the weighted sum's rest, 0 for a rest of 0; None where that has two digits."""
    check = -weighted(digits, weights=weights) % 11
    return check if check < 10 else None


def ean_13(digits: str) -> bool:
    """Whether the last of 13 digits is that of an article number (GS1)."""
    return weighted(digits, weights=(1, 3) * 6 + (1,)) % 10 == 0
