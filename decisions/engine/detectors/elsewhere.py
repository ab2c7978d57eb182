"""National numbers of people outside Europe that carry a check digit or a strict form."""

from __future__ import annotations

from decisions.engine.detectors.checksums import luhn, mod_11, mod_11_2, verhoeff, weighted
from decisions.engine.detectors.dates import is_birthday, is_date
from decisions.engine.detectors.schemes import Scheme

# Numbers that were printed on samples and in advertisements and so never belong to anyone.
_PRINTED_SSNS = frozenset({"078051120", "219099999", "123456789", "987654321"})
_CURP_CHARACTERS = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_RRN_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def _is_us_number(number: str) -> bool:
    area, group, serial = number[:3], number[3:5], number[5:]
    is_taxpayer = area[0] == "9" and ("50" <= group <= "65" or ("70" <= group <= "99" and group not in {"89", "93"}))
    is_given = area not in {"000", "666"} and (area[0] != "9" or is_taxpayer)
    return is_given and group != "00" and serial != "0000" and number not in _PRINTED_SSNS


def _is_brazilian_number(number: str) -> bool:
    digits = number
    if len(set(digits)) == 1:
        return False
    return all(
        weighted(digits[:count], weights=range(count + 1, 1, -1)) * 10 % 11 % 10 == int(digits[count])
        for count in (9, 10)
    )


def _is_canadian_number(number: str) -> bool:
    return number[0] not in "08" and luhn(number)


def _is_australian_number(number: str) -> bool:
    return weighted(number, weights=(1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def _is_chinese_number(number: str) -> bool:
    return is_date(int(number[6:10]), int(number[10:12]), int(number[12:14])) and mod_11_2(number)


def _is_mexican_code(code: str) -> bool:
    values = (_CURP_CHARACTERS.index(character) for character in code[:17])
    total = sum(value * (18 - place) for place, value in enumerate(values))
    return is_birthday(code[4:10]) and -total % 10 == int(code[17])


def _is_korean_number(number: str) -> bool:
    check = (11 - weighted(number[:12], weights=_RRN_WEIGHTS) % 11) % 10
    return is_birthday(number) and check == int(number[12])


def _is_japanese_number(number: str) -> bool:
    check = mod_11(number[:11], weights=(6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2))
    return (check or 0) == int(number[11])


def _is_aadhaar(number: str) -> bool:
    # Cards and accounts are printed in groups of four as well, and have more of them.
    return len(number) == 12 and number[0] not in "01" and verhoeff(number)


def _is_income_tax_code(code: str) -> bool:
    return code[5:9] != "0000"


ELSEWHERE = (
    Scheme("us_ssn", r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b", _is_us_number),
    Scheme(
        "us_ssn", r"\b[0-9]{3} ?[0-9]{2} ?[0-9]{4}\b", _is_us_number,
        introduction=r"(?i)\bssn|social[ _]?security|\bitin\b|\btin\b",
    ),
    Scheme("br_cpf", r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b", _is_brazilian_number),
    Scheme("br_cpf", r"\b[0-9]{9}-?[0-9]{2}\b", _is_brazilian_number, introduction=r"(?i)cpf"),
    Scheme("in_aadhaar", r"\b[0-9]{4}(?:[ -][0-9]{4}){2,}(?:[ -][0-9]+)?\b", _is_aadhaar),
    Scheme("in_aadhaar", r"\b[2-9][0-9]{11}\b", verhoeff, introduction=r"(?i)aadhaa?r|\buid"),
    Scheme("in_pan", r"\b[A-Z]{3}P[A-Z][0-9]{4}[A-Z]\b", _is_income_tax_code),
    Scheme(
        "ca_sin", r"\b[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}\b", _is_canadian_number,
        introduction=r"\bSIN\b|\bsin(?:_number|Number)?\"?: |(?i:social[ _]?insurance)",
    ),
    Scheme(
        "au_tfn", r"\b[0-9]{3} ?[0-9]{3} ?[0-9]{3}\b", _is_australian_number,
        introduction=r"(?i)\btfn|tax[ _]?file",
    ),
    Scheme("cn_id", r"\b[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx]\b", _is_chinese_number),
    Scheme("mx_curp", r"\b[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]\b", _is_mexican_code),
    Scheme("kr_rrn", r"\b[0-9]{6}-[1-8][0-9]{6}\b", _is_korean_number),
    Scheme(
        "jp_my_number", r"\b[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}\b", _is_japanese_number,
        introduction=r"(?i)my[ _-]?number|個人番号|マイナンバー",
    ),
)  # fmt: skip
