"""National numbers of people in Europe that carry a check digit or a strict form."""

from __future__ import annotations

from collections import Counter

from decisions.engine.detectors.checksums import ean_13, luhn, mod_11_10, weighted
from decisions.engine.detectors.dates import is_birthday, is_date
from decisions.engine.detectors.schemes import Scheme

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_NOT_NINO = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
# The tax code's values of characters at odd places (the first is odd), by digit and letter; letters stand for digits
# where two people would have the same code.
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14,
            16, 10, 22, 25, 24, 23,
        ),
        strict=True,
    )
)  # fmt: skip


def _is_nino(number: str) -> bool:
    return number[:2] not in _NOT_NINO


def _is_german_tax_id(number: str) -> bool:
    # Of the first ten digits exactly one occurs twice or three times, and all others once at most.
    repeated = [count for count in Counter(number[:10]).values() if count > 1]
    return len(repeated) == 1 and repeated[0] <= 3 and mod_11_10(number)


def _is_french_number(number: str) -> bool:
    body = number[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(body) % 97 == int(number[13:])


def _is_spanish_number(number: str) -> bool:
    digits = number[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _DNI_LETTERS[int(digits) % 23] == number[-1]


def _is_italian_code(code: str) -> bool:
    odd = sum(_ODD[character] for character in code[:15:2])
    even = sum(int(character) if character.isdigit() else ord(character) - ord("A") for character in code[1:15:2])
    return chr(ord("A") + (odd + even) % 26) == code[15]


def _is_polish_number(number: str) -> bool:
    century, month = divmod(int(number[2:4]), 20)
    year = (1900, 2000, 2100, 2200, 1800)[century] + int(number[:2])
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    return is_date(year, month, int(number[4:6])) and weighted(number, weights=weights) % 10 == 0


def _is_dutch_number(number: str) -> bool:
    return number != "000000000" and weighted(number, weights=(9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def _is_swedish_number(number: str) -> bool:
    digits = number.replace("+", "")[-10:]
    return is_birthday(digits) and luhn(digits)


def _is_finnish_code(code: str) -> bool:
    return is_birthday(code[:6], order="dmy") and _HETU_CHARACTERS[int(code[:6] + code[-4:-1]) % 31] == code[-1]


def _is_belgian_number(number: str) -> bool:
    checks = {97 - int(century + number[:9]) % 97 for century in ("", "2")}
    return is_birthday(number) and int(number[9:]) in checks


def _is_portuguese_number(number: str) -> bool:
    rest = weighted(number[:8], weights=(9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return int(number[8]) == (0 if rest < 2 else 11 - rest)


EUROPE = (
    Scheme("uk_nino", r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b", _is_nino),
    Scheme("de_tax_id", r"\b[1-9][0-9](?: ?[0-9]{3}){3}\b", _is_german_tax_id),
    Scheme(
        "fr_nir",
        r"\b[12] ?[0-9]{2} ?(?:0[1-9]|[1-9][0-9]) ?(?:[0-9]{2}|2[ABab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
        _is_french_number,
    ),
    Scheme("es_dni", r"\b(?:[0-9]{8}[ -]?|[XYZ][ -]?[0-9]{7}[ -]?)[A-HJ-NP-TV-Z]\b", _is_spanish_number),
    Scheme(
        "it_tax_code",
        r"(?i)\b[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]\b",
        _is_italian_code,
    ),
    Scheme("pl_pesel", r"\b[0-9]{11}\b", _is_polish_number, introduction=r"(?i)pesel"),
    Scheme(
        "nl_bsn", r"\b[0-9]{9}\b|\b[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}\b", _is_dutch_number,
        introduction=r"(?i)bsn|burgerservice|sofi-?n",
    ),
    Scheme("se_personnummer", r"\b(?:(?:19|20)[0-9]{2}|[0-9]{2})[0-9]{4}[-+][0-9]{4}\b", _is_swedish_number),
    Scheme("fi_hetu", r"\b[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]\b", _is_finnish_code),
    Scheme("be_nrn", r"\b[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}\b", _is_belgian_number),
    Scheme(
        "pt_nif", r"\b[1-35-9][0-9]{2} ?[0-9]{3} ?[0-9]{3}\b", _is_portuguese_number,
        introduction=r"(?i)\bnif\b|contribuinte",
    ),
    Scheme("ch_ahv", r"\b756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}\b", ean_13),
)  # fmt: skip
