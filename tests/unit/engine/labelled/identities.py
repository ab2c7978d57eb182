"""National numbers of people, made by formulas of their own, and the same with a wrong check digit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from random import Random

from tests.unit.engine.labelled.accounts import DIGITS, UPPER, luhn_digit, other
from tests.unit.engine.labelled.example import NOTHING, PII, Example, letters, made

Make = Callable[[Random], str]


def day(random: Random) -> tuple[int, int, int]:
    """A birthday."""
    return random.randrange(1940, 2005), random.randrange(1, 13), random.randrange(1, 29)


def short(random: Random) -> str:
    """A birthday in six digits."""
    year, month, date = day(random)
    return f"{year % 100:02d}{month:02d}{date:02d}"


def us(random: Random) -> str:
    """A social security number."""
    area = random.choice([each for each in range(1, 900) if each != 666])
    return f"{area:03d}-{random.randrange(1, 100):02d}-{random.randrange(1, 10000):04d}"


def uk(random: Random) -> str:
    """A national insurance number."""
    form = random.choice(("{}{}{}{}{}", "{} {} {} {} {}"))
    parts = (f"{random.randrange(100):02d}" for _ in range(3))
    return form.format(random.choice(("AB", "CE", "JG", "PW", "SX", "YZ")), *parts, random.choice("ABCD"))


def german(random: Random) -> str:
    """A tax number: ten digits of which one occurs twice, and a check digit."""
    digits = random.sample(DIGITS, 9)
    digits.insert(random.randrange(1, 9), random.choice(digits))
    if digits[0] == "0":
        digits[0], digits[-1] = digits[-1], digits[0]
    if digits[0] == "0":
        return german(random)
    carried = 10
    for each in digits:
        carried = 2 * ((int(each) + carried - 1) % 10 + 1) % 11
    whole = "".join(digits) + str((11 - carried) % 10)
    return whole if random.random() < 0.5 else f"{whole[:2]} {whole[2:5]} {whole[5:8]} {whole[8:]}"


def french(random: Random) -> str:
    """A number of the register."""
    body = f"{random.choice('12')}{random.randrange(100):02d}{random.randrange(1, 13):02d}{random.randrange(1, 96):02d}"
    body += letters(random, DIGITS, 6)
    whole = f"{body}{97 - int(body) % 97:02d}"
    cuts = (0, 1, 3, 5, 7, 10, 13, 15)
    return whole if random.random() < 0.5 else " ".join(whole[one:two] for one, two in pairwise(cuts))


def spanish(random: Random) -> str:
    """A number of an identity card."""
    number = random.randrange(10_000_000, 99_999_999)
    return f"{number}{random.choice(('', '-'))}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def italian(random: Random) -> str:
    """A tax code, with the published tables written out."""
    consonants = "BCDFGLMNPRSTV"
    body = letters(random, consonants, 6) + f"{random.randrange(100):02d}{random.choice('ABCDEHLMPRST')}"
    body += f"{random.randrange(1, 29):02d}{random.choice('AFHL')}{letters(random, DIGITS, 3)}"
    odd = dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)) | dict(
        zip(
            UPPER,
            (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
            strict=True,
        )
    )
    even = {each: int(each) for each in DIGITS} | {each: place for place, each in enumerate(UPPER)}
    total = sum(odd[each] if place % 2 == 0 else even[each] for place, each in enumerate(body))
    return body + UPPER[total % 26]


def polish(random: Random) -> str:
    """A number of the register."""
    body = short(random) + letters(random, DIGITS, 4)
    return body + str(-sum(int(each) * (1, 3, 7, 9)[place % 4] for place, each in enumerate(body)) % 10)


def dutch(random: Random) -> str:
    """A citizen's number: drawn until eleven divides the sum."""
    while True:
        number = letters(random, DIGITS, 9)
        total = sum(int(each) * (9 - place) for place, each in enumerate(number[:8])) - int(number[8])
        if number[0] != "0" and total % 11 == 0:
            return number


def swedish(random: Random) -> str:
    """A person's number."""
    body = short(random) + letters(random, DIGITS, 3)
    return f"{body[:6]}-{body[6:]}{luhn_digit(body)}"


def finnish(random: Random) -> str:
    """A person's code."""
    year, month, date = day(random)
    digits = f"{date:02d}{month:02d}{year % 100:02d}"
    serial = f"{random.randrange(2, 900):03d}"
    return (
        f"{digits}{'-' if year < 2000 else 'A'}{serial}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(digits + serial) % 31]}"
    )


def belgian(random: Random) -> str:
    """A number of the register, of somebody born before 2000."""
    digits = short(random) + f"{random.randrange(1, 998):03d}"
    return f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}-{digits[6:]}.{97 - int(digits) % 97:02d}"


def portuguese(random: Random) -> str:
    """A taxpayer's number."""
    body = random.choice("12") + letters(random, DIGITS, 7)
    check = 11 - sum(int(each) * (9 - place) for place, each in enumerate(body)) % 11
    return body + str(0 if check > 9 else check)


def swiss(random: Random) -> str:
    """A number of the old-age insurance."""
    body = "756" + letters(random, DIGITS, 9)
    check = -sum(int(each) * (3 if place % 2 else 1) for place, each in enumerate(body)) % 10
    return f"{body[:3]}.{body[3:7]}.{body[7:11]}.{body[11:]}{check}"


def brazilian(random: Random) -> str:
    """A taxpayer's number."""
    digits = [random.randrange(10) for _ in range(9)]
    for _ in range(2):
        rest = sum(each * weight for each, weight in zip(reversed(digits), range(2, 12), strict=False)) % 11
        digits.append(0 if rest < 2 else 11 - rest)
    whole = "".join(map(str, digits))
    return f"{whole[:3]}.{whole[3:6]}.{whole[6:9]}-{whole[9:]}"


def turned(one: int, other: int) -> int:
    """The product in the group of turns and flips of a pentagon, which Verhoeff's digit is made of."""
    if one < 5:
        return (one + other) % 5 + (5 if other >= 5 else 0)
    return (one - other) % 5 + (0 if other >= 5 else 5)


def indian(random: Random) -> str:
    """A number of the unique identification authority."""
    body, check = random.choice("23456789") + letters(random, DIGITS, 10), 0
    order = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    for place, each in enumerate(reversed(body), start=1):
        digit = int(each)
        for _ in range(place % 8):
            digit = order[digit]
        check = turned(check, digit)
    last = next(each for each in range(10) if turned(check, each) == 0)
    return f"{body[:4]} {body[4:8]} {body[8:]}{last}"


def canadian(random: Random) -> str:
    """A social insurance number."""
    body = random.choice("1234567") + letters(random, DIGITS, 7)
    whole = body + luhn_digit(body)
    return f"{whole[:3]} {whole[3:6]} {whole[6:]}"


def australian(random: Random) -> str:
    """A tax file number: drawn until eleven divides the sum."""
    while True:
        number = letters(random, DIGITS, 9)
        if sum(int(each) * weight for each, weight in zip(number, (1, 4, 3, 7, 5, 8, 6, 9, 10), strict=True)) % 11 == 0:
            return f"{number[:3]} {number[3:6]} {number[6:]}"


def chinese(random: Random) -> str:
    """A number of an identity card."""
    year, month, date = day(random)
    body = f"{random.choice(('110105', '310101', '440304'))}{year}{month:02d}{date:02d}{letters(random, DIGITS, 3)}"
    total = sum(int(each) * 2 ** (17 - place) for place, each in enumerate(body))
    return body + "10X98765432"[total % 11]


def mexican(random: Random) -> str:
    """A code of the register."""
    alphabet = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
    body = f"{random.choice('BCGHL')}{random.choice('AEIOU')}{letters(random, 'BCDFGLMR', 2)}{short(random)}"
    body += f"{random.choice('HM')}{random.choice(('DF', 'JC', 'NL'))}{letters(random, 'BCDFGLMR', 3)}0"
    return body + str((10 - sum(alphabet.index(each) * (18 - place) for place, each in enumerate(body)) % 10) % 10)


def korean(random: Random) -> str:
    """A resident's number."""
    body = short(random) + random.choice("12") + letters(random, DIGITS, 5)
    total = sum(int(each) * weight for each, weight in zip(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True))
    return f"{body[:6]}-{body[6:]}{(11 - total % 11) % 10}"


ALONE = (
    "@",
    "| @ | Dora Keller |",
    '{"holder": "Dora", "id": "@"}',
    "His number is @, please check.",
    "id=@;active",
    "Dora Keller,@,1984",
)
# The scheme by its name: how a number is made, the frames that it stands in, and whether it has a check digit.
SCHEMES: Mapping[str, tuple[Make, tuple[str, ...], bool]] = {
    "us_ssn": (us, (*ALONE, "SSN: @"), False),
    "uk_nino": (uk, (*ALONE, "NI number @"), False),
    "de_tax_id": (german, (*ALONE, "Steuer-ID @"), True),
    "fr_nir": (french, (*ALONE, "NIR @"), True),
    "es_dni": (spanish, (*ALONE, "DNI @"), False),
    "it_tax_code": (italian, (*ALONE, "codice fiscale @"), False),
    "pl_pesel": (polish, ("PESEL: @", '{"pesel": "@"}', "nr PESEL @ Jana", "@"), True),
    "nl_bsn": (dutch, ("BSN @", '{"bsn": "@"}', "burgerservicenummer: @", "@"), True),
    "se_personnummer": (swedish, (*ALONE, "personnummer @"), True),
    "fi_hetu": (finnish, ALONE, False),
    "be_nrn": (belgian, ALONE, True),
    "pt_nif": (portuguese, ("NIF @", '{"nif": "@"}', "contribuinte n.º @", "@"), True),
    "ch_ahv": (swiss, (*ALONE, "AHV-Nr. @"), True),
    "br_cpf": (brazilian, (*ALONE, "CPF @"), True),
    "in_aadhaar": (indian, (*ALONE, "Aadhaar: @"), True),
    "ca_sin": (canadian, ("SIN: @", "social insurance number @", '{"sin": "@"}', "@"), True),
    "au_tfn": (australian, ("TFN @", "tax file number: @", '{"tfn": "@"}', "@"), True),
    "cn_id": (chinese, ALONE, False),
    "mx_curp": (mexican, (*ALONE, "CURP @"), True),
    "kr_rrn": (korean, ALONE, True),
}  # fmt: skip


def broken(make: Make) -> Make:
    """The same numbers with another last digit."""

    def wrong(random: Random) -> str:
        number = make(random)
        return number[:-1] + other(number[-1])

    return wrong


def examples(random: Random) -> Iterator[Example]:
    """Forty of each scheme, and forty more that are wrong where a digit tells."""
    for name, (make, frames, has_digit) in SCHEMES.items():
        yield from made(random, about=name, kinds=PII, count=40, value=make, frames=frames)
        if has_digit:
            yield from made(random, about="", kinds=NOTHING, count=40, value=broken(make), frames=frames)
